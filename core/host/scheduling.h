// PrepareScheduling: who picks a connection's worker, and how, from what the
// person asked for.
//
// Thread safety: a free function, safe from any thread.
#ifndef CORE_HOST_SCHEDULING_H_
#define CORE_HOST_SCHEDULING_H_

#include "absl/status/status.h"
#include "core/host/options.h"
#include "core/primary/listeners/listener_group.h"

namespace cluster {

// Fills in the policy, what it reckons with, and the CPUs that workers are
// pinned to. Errors, each one line: a policy that there is not, or that cannot
// be here.
absl::Status PrepareScheduling(const HostOptions& options,
                               ListenerGroupOptions* out);

}  // namespace cluster

#endif  // CORE_HOST_SCHEDULING_H_
