// Spawn: starts a worker process.
//
// posix_spawn(3), because fork gets slow with the primary's size; and a pidfd,
// because a number can be reused. The child has the descriptors of its plan,
// its end of the control channel among them, and no others; everything else it
// needs arrives over the channel.
//
// Thread safety: a free function; only one thread may spawn, and nobody else
// may reap children.
//
//   ASSIGN_OR_RETURN(ChildProcess child,
//                    Spawn({.arguments = {"cluster: worker 1"}}));
#ifndef CORE_SUPERVISOR_SPAWNER_H_
#define CORE_SUPERVISOR_SPAWNER_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/supervisor/stdio_plan.h"
#include "core/supervisor/worker_record.h"

namespace cluster {

struct ChildSpec {
  std::string executable = "/proc/self/exe";
  // The command line; the first word is what process lists show. Not empty.
  std::vector<std::string> arguments;
  // What differs from this process's environment: set, or (without a value)
  // removed.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment =
      {};
  StdioPlan stdio = InheritedStdio();
  std::string working_directory = {};  // empty: this process's
  std::optional<uid_t> uid = std::nullopt;
  std::optional<gid_t> gid = std::nullopt;
  // Not empty: a command, its first word a path, that is started in place of
  // the child and gets the child's command line as its last words. It has the
  // environment and the descriptors; what is known of the child's end is what
  // is known of the command's.
  std::vector<std::string> wrap = {};
};

struct ChildProcess {
  pid_t pid = -1;
  UniqueFd pidfd;    // readable once the process has ended
  UniqueFd channel;  // this end of the control channel, non-blocking
  // This end of each pipe, non-blocking, by slot of the plan.
  std::vector<UniqueFd> pipes;
};

// Starts the child. kInvalidArgument: CheckStdio(). Else the kernel's, with the
// name of the call; nothing is left behind then.
absl::StatusOr<ChildProcess> Spawn(const ChildSpec& spec);

// The code of a process of which only that it has ended is known.
inline constexpr int kExitUnknown = -1;

// Returns how the process behind `pidfd` ended, and reaps it; nothing while it
// runs. Where somebody else has reaped it (SIGCHLD is ignored), kExitUnknown.
std::optional<WorkerExit> Reap(int pidfd);

// Sends `signal` to the process behind `pidfd`. Returns an errno, such as
// EINVAL for no signal; an ended process is no error.
int SendSignal(int pidfd, int signal);

// Kills the process behind `pidfd` and waits until it is gone. For a child that
// has just begun, which ends at once.
void KillAndReap(int pidfd);

}  // namespace cluster

#endif  // CORE_SUPERVISOR_SPAWNER_H_
