#include "core/supervisor/worker_record.h"

namespace cluster {

absl::string_view WorkerStateName(WorkerState state) {
  switch (state) {
    case WorkerState::kNone:
      return "none";
    case WorkerState::kOnline:
      return "online";
    case WorkerState::kListening:
      return "listening";
    case WorkerState::kDisconnected:
      return "disconnected";
    case WorkerState::kDead:
      return "dead";
  }
  return "?";
}

}  // namespace cluster
