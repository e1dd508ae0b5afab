#include "core/primary/telemetry/telemetry_handler.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/control/messages.h"
#include "core/control/metric_definition.h"
#include "core/control/telemetry_messages.h"
#include "core/scoreboard/slot_page.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// A worker's words are not kept without bounds.
constexpr size_t kMaxTextBytes = 2048;
constexpr size_t kMaxWarnings = 100;

}  // namespace

absl::Status TelemetryHandler::Handle(WorkerProcess& worker,
                                      const Frame& frame) {
  switch (static_cast<FrameType>(frame.type)) {
    case FrameType::kMetric:
      return OnMetric(worker, frame);
    case FrameType::kReadiness:
      return OnReadiness(worker, frame);
    case FrameType::kReducedFeatures:
      return OnReducedFeatures(worker, frame);
    default:
      return absl::DataLossError("no telemetry");
  }
}

absl::Status TelemetryHandler::OnMetric(WorkerProcess& worker,
                                        const Frame& frame) {
  ASSIGN_OR_RETURN(const MetricDefinition definition,
                   Decode<MetricDefinition>(frame.payload));
  const absl::Status status = book_.Define(worker.slot().index(), definition);
  if (!absl::IsFailedPrecondition(status)) return status;
  WarnOnce(worker, status.message());
  return absl::OkStatus();
}

absl::Status TelemetryHandler::OnReadiness(WorkerProcess& worker,
                                           const Frame& frame) {
  ASSIGN_OR_RETURN(const Readiness readiness, Decode<Readiness>(frame.payload));
  if (std::exchange(worker.ready, readiness.ready) == readiness.ready) {
    return absl::OkStatus();
  }
  if (!readiness.ready) {
    observer_.OnLog(
        worker.id(),
        worker.pid(),
        CLUSTER_LOG_WARNING,
        absl::StrCat("not ready: ", readiness.reason.substr(0, kMaxTextBytes)));
  } else {
    observer_.OnLog(worker.id(), worker.pid(), CLUSTER_LOG_INFO, "ready");
  }
  return absl::OkStatus();
}

void TelemetryHandler::EndTurn(WorkerProcess& worker) {
  if (std::exchange(worker.told_ready, worker.ready) == worker.ready) return;
  if (!worker.ready) return group_.TakeBack(worker.slot());
  for (uint32_t i = 0; i < kMaxListeners; ++i) {
    if (worker.serves(i)) group_.Serve(worker.slot(), i);
  }
}

absl::Status TelemetryHandler::OnReducedFeatures(WorkerProcess& worker,
                                                 const Frame& frame) {
  ASSIGN_OR_RETURN(const ReducedFeatures reduced,
                   Decode<ReducedFeatures>(frame.payload));
  reduced_features_ = reduced.missing.substr(0, kMaxTextBytes);
  WarnOnce(worker,
           absl::StrCat(worker.plugin,
                        " runs with less than it could use: ",
                        reduced_features_));
  return absl::OkStatus();
}

void TelemetryHandler::WarnOnce(const WorkerProcess& worker,
                                absl::string_view text) {
  if (warned_.size() >= kMaxWarnings) return;
  if (!warned_.emplace(text).second) return;
  observer_.OnLog(worker.id(), worker.pid(), CLUSTER_LOG_WARNING, text);
}

}  // namespace cluster
