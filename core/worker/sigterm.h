// WatchSigterm: SIGTERM as an event of the worker's loop.
//
// By a handler and not by signalfd, which would need the signal blocked, also
// in every program that plugin code starts. A plugin may install a handler of
// its own instead. A process that it forks ends by SIGTERM as any does.
//
// Thread safety: call once a process, on the loop's thread.
#ifndef CORE_WORKER_SIGTERM_H_
#define CORE_WORKER_SIGTERM_H_

#include "absl/status/status.h"
#include "core/worker/loop.h"

namespace cluster {

// Calls `told` from the loop whenever SIGTERM has arrived, which no longer ends
// the process. Errors: the kernel's; SIGTERM is then as it was.
absl::Status WatchSigterm(Loop& loop, Loop::Function told, void* ctx);

}  // namespace cluster

#endif  // CORE_WORKER_SIGTERM_H_
