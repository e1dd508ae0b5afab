// Spawn: starts a worker process.
//
// posix_spawn(3), because fork gets slow with the primary's size; and a pidfd,
// because a number can be reused. The child inherits standard input, output and
// error (or pipes in place of the last two) and its end of the control channel
// as descriptor 3; everything else it needs arrives there.
//
// Thread safety: a free function; only one thread may spawn, and nobody else
// may reap children.
//
//   ASSIGN_OR_RETURN(ChildProcess child,
//                    Spawn({.title = "cluster: worker 1"}));
#ifndef CORE_SUPERVISOR_SPAWNER_H_
#define CORE_SUPERVISOR_SPAWNER_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/supervisor/worker_record.h"

namespace cluster {

struct ChildSpec {
  std::string executable = "/proc/self/exe";
  // What process lists show: the child's argv[0].
  std::string title;
  // Set in addition to, and instead of, what this process has.
  std::vector<std::pair<std::string, std::string>> environment = {};
  // Standard output and error become pipes to this process.
  bool capture_output = true;
  // Not empty: a command, its first word a path, that is started in place of
  // the child and gets the child's command line as its last words. It has the
  // environment and the descriptors; what is known of the child's end is what
  // is known of the command's.
  std::vector<std::string> wrap = {};
};

struct ChildProcess {
  pid_t pid = -1;
  UniqueFd pidfd;         // readable once the process has ended
  UniqueFd channel;       // this end of the control channel, non-blocking
  UniqueFd output;        // reading end, non-blocking; none if not captured
  UniqueFd error_output;  // likewise
};

// Starts the child. Errors: the kernel's, with the name of the call; nothing is
// left behind then.
absl::StatusOr<ChildProcess> Spawn(const ChildSpec& spec);

// The code of a process of which only that it has ended is known.
inline constexpr int kExitUnknown = -1;

// Returns how the process behind `pidfd` ended, and reaps it; nothing while it
// runs. Where somebody else has reaped it (SIGCHLD is ignored), kExitUnknown.
std::optional<WorkerExit> Reap(int pidfd);

// Sends `signal` to the process behind `pidfd`. An ended process is no error.
void SendSignal(int pidfd, int signal);

// Kills the process behind `pidfd` and waits until it is gone. For a child that
// has just begun, which ends at once.
void KillAndReap(int pidfd);

}  // namespace cluster

#endif  // CORE_SUPERVISOR_SPAWNER_H_
