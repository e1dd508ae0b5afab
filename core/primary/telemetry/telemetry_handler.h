// TelemetryHandler: what workers tell of their plugin's health, metrics and
// lacks.
//
// Thread safety: the io_context's thread.
//
//   return telemetry.Handle(worker, frame);
#ifndef CORE_PRIMARY_TELEMETRY_TELEMETRY_HANDLER_H_
#define CORE_PRIMARY_TELEMETRY_TELEMETRY_HANDLER_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/telemetry/metric_book.h"
#include "core/primary/workers/primary_observer.h"
#include "core/primary/workers/worker_process.h"
#include "ipc/frame.h"

namespace cluster {

class TelemetryHandler {
 public:
  // All must outlive it.
  TelemetryHandler(ListenerGroup& group,
                   MetricBook& book,
                   PrimaryObserver& observer)
      : group_(group), book_(book), observer_(observer) {}

  // Does what a frame of type kMetric, kReadiness or kReducedFeatures says.
  //   kDataLoss  it makes no sense
  absl::Status Handle(WorkerProcess& worker, const Frame& frame);
  // The frames of one turn were handled: if its plugin is ready, or is not, for
  // the first time, the worker gets connections, or none.
  void EndTurn(WorkerProcess& worker);

  // What the plugin has to do without, as a worker said last; empty: nothing.
  const std::string& reduced_features() const { return reduced_features_; }

 private:
  absl::Status OnMetric(WorkerProcess& worker, const Frame& frame);
  absl::Status OnReadiness(WorkerProcess& worker, const Frame& frame);
  absl::Status OnReducedFeatures(WorkerProcess& worker, const Frame& frame);
  // Logs `text` unless a worker had the same to say before.
  void WarnOnce(const WorkerProcess& worker, absl::string_view text);

  ListenerGroup& group_;
  MetricBook& book_;
  PrimaryObserver& observer_;
  std::string reduced_features_;
  std::set<std::string> warned_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_TELEMETRY_TELEMETRY_HANDLER_H_
