// FrameHandler: what workers say on their control channels, and the answers. A
// new type of frame is a case in Obey() and a function beside the others.
//
// Thread safety: the io_context's thread.
//
//   return frames.Handle(worker, frame);
#ifndef CORE_PRIMARY_FRAME_HANDLER_H_
#define CORE_PRIMARY_FRAME_HANDLER_H_

#include <string>

#include "absl/status/status.h"
#include "core/primary/listener_frame_handler.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/telemetry/metric_book.h"
#include "core/primary/telemetry/telemetry_handler.h"
#include "core/primary/workers/primary_observer.h"
#include "core/primary/workers/worker_life.h"
#include "core/primary/workers/worker_process.h"
#include "ipc/frame.h"

namespace cluster {

class FrameHandler {
 public:
  // All must outlive it.
  FrameHandler(ListenerGroup& group,
               ListenerFrameHandler& listener_frames,
               WorkerLife& life,
               MetricBook& book,
               PrimaryObserver& observer)
      : group_(group),
        listener_frames_(listener_frames),
        life_(life),
        observer_(observer),
        telemetry_(group, book, observer) {}

  // Does what the frame asks. Errors: what the worker did against the protocol,
  // in words that follow its name. Close its channel.
  //   kDataLoss           the frame makes no sense, or comes at a wrong time
  //   kResourceExhausted  it does not read what it is sent
  absl::Status Handle(WorkerProcess& worker, const Frame& frame);
  // The frames of one turn were handled: does what costs a round over all
  // listeners, once, however often the worker said it.
  void EndTurn(WorkerProcess& worker);

  // As TelemetryHandler::reduced_features().
  const std::string& reduced_features() const {
    return telemetry_.reduced_features();
  }

 private:
  absl::Status Obey(WorkerProcess& worker, const Frame& frame);
  absl::Status OnListen(WorkerProcess& worker, const Frame& frame);
  absl::Status OnListening(WorkerProcess& worker, const Frame& frame);
  absl::Status OnFailed(WorkerProcess& worker, const Frame& frame);
  absl::Status OnLog(WorkerProcess& worker, const Frame& frame);

  ListenerGroup& group_;
  ListenerFrameHandler& listener_frames_;
  WorkerLife& life_;
  PrimaryObserver& observer_;
  TelemetryHandler telemetry_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_FRAME_HANDLER_H_
