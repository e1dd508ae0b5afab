#include "core/primary/workers/primary_observer.h"

#include <cstddef>

namespace cluster {

absl::string_view WorkerEventName(WorkerEventKind kind) {
  static constexpr absl::string_view kNames[] = {
      "fork", "online", "listening", "disconnect", "exit", "error"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace cluster
