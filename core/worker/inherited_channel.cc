#include "core/worker/inherited_channel.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/control/environment.h"
#include "core/control/worker_exit.h"

namespace cluster {
namespace {

// Returns the control channel named in the environment, none if there is no
// stream socket behind the number.
UniqueFd TakeChannel() {
  const char* text = std::getenv(kChannelFdVariable);
  int fd = -1;
  if (!absl::SimpleAtoi(text, &fd) || fd < 0) return UniqueFd();
  int type = 0;
  socklen_t length = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
      type != SOCK_STREAM) {
    return UniqueFd();
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return UniqueFd(fd);
}

// A worker that is started by a debugger or tracer is that program's child.
// When it is killed, nobody would end a worker that hangs, and the next one in
// its place would find the memory of both in use.
void EndWithWrapper(int channel) {
  const pid_t parent = getppid();
  ucred primary = {};
  socklen_t length = sizeof(primary);
  getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &primary, &length);
  if (parent == primary.pid) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) std::_Exit(kWorkerExitOk);  // it has just gone
}

}  // namespace

bool IsWorkerProcess() { return std::getenv(kChannelFdVariable) != nullptr; }

absl::StatusOr<InheritedChannel> TakeInheritedChannel() {
  InheritedChannel inherited = {.channel = TakeChannel()};
  const char* id = std::getenv(kWorkerIdVariable);
  if (id != nullptr) (void)absl::SimpleAtoi(id, &inherited.worker_id);
  unsetenv(kChannelFdVariable);
  unsetenv(kWorkerIdVariable);
  if (!inherited.channel) {
    return absl::FailedPreconditionError(
        absl::StrCat(kChannelFdVariable,
                     " is set but is no control channel; unset it to start a "
                     "primary"));
  }
  EndWithWrapper(inherited.channel.get());
  const std::string name = absl::StrCat("cluster:w", inherited.worker_id);
  prctl(PR_SET_NAME, name.c_str());
  // A peer that is gone is an error of the call, not the worker's end.
  signal(SIGPIPE, SIG_IGN);
  return inherited;
}

}  // namespace cluster
