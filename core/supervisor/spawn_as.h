// SpawnAs: starts a process as another user.
//
// posix_spawn(3) cannot: its child has the primary's ids. Here the child takes
// them between vfork(2) and execve(2), so that no code of the program ever runs
// with more than it should have, and the kernel's refusal is the caller's
// error.
//
// Thread safety: a free function; only one thread may spawn.
#ifndef CORE_SUPERVISOR_SPAWN_AS_H_
#define CORE_SUPERVISOR_SPAWN_AS_H_

#include <sys/types.h>

#include <optional>
#include <utility>
#include <vector>

namespace cluster {

// All pointers are borrowed until SpawnAs() returns.
struct SpawnAsRequest {
  const char* program = nullptr;
  char* const* arguments = nullptr;         // NULL behind the last
  char* const* environment = nullptr;       // likewise
  const char* working_directory = nullptr;  // null: this process's
  // Each a descriptor of this process and its number in the child, which are 0,
  // 1, 2 and on, and lower than all of this process. It has no others.
  std::vector<std::pair<int, int>> descriptors = {};
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
};

// Starts it; no signal is blocked or ignored there, and it has no supplementary
// groups where this process may drop them. Returns 0 or the errno of the step
// that failed, whose name `*step` is then; nothing is left behind.
int SpawnAs(const SpawnAsRequest& request, pid_t* pid, const char** step);

}  // namespace cluster

#endif  // CORE_SUPERVISOR_SPAWN_AS_H_
