// InheritedChannel: what makes a process a worker.
//
// A process is a worker exactly if CLUSTER_CHANNEL_FD is set in its
// environment; the primary sets it, together with CLUSTER_WORKER_ID, when it
// spawns one. Both are removed before plugin code runs, so that what a plugin
// starts is not taken for a worker.
//
// Thread safety: call once, before there are other threads.
//
//   if (IsWorkerProcess()) inherited = TakeInheritedChannel();
#ifndef CORE_WORKER_INHERITED_CHANNEL_H_
#define CORE_WORKER_INHERITED_CHANNEL_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"

namespace cluster {

// True if this process was started as a worker.
bool IsWorkerProcess();

// What a worker inherits.
struct InheritedChannel {
  UniqueFd channel;
  uint32_t worker_id = 0;
};

// Takes it, and makes the process a worker's in what the kernel knows of it:
// its name, and that it does not outlive what wraps it. Whatever it returns,
// the variables are gone then. REQUIRES: IsWorkerProcess().
//   kFailedPrecondition  the variable was set by hand: there is no channel
absl::StatusOr<InheritedChannel> TakeInheritedChannel();

}  // namespace cluster

#endif  // CORE_WORKER_INHERITED_CHANNEL_H_
