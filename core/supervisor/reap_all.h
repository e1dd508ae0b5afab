// ReapAll: waits for the last processes of a parent that lives on without them.
//
// Thread safety: as Reap() in core/supervisor/spawner.h.
//
//   ReapAll({pidfd, other_pidfd}, absl::Seconds(2));
#ifndef CORE_SUPERVISOR_REAP_ALL_H_
#define CORE_SUPERVISOR_REAP_ALL_H_

#include <vector>

#include "absl/time/time.h"

namespace cluster {

// Blocks until the processes behind the pidfds, which are borrowed, have ended
// and are reaped. Those that still run after `grace` are killed. One that may
// not be killed, or does not end within another `grace`, is left.
void ReapAll(std::vector<int> pidfds, absl::Duration grace);

}  // namespace cluster

#endif  // CORE_SUPERVISOR_REAP_ALL_H_
