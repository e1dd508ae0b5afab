#include "core/worker/sigterm.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

// A signal handler has no context.
struct Told {
  pid_t pid = -1;  // the worker's
  int event_fd = -1;
  Loop::Function told = nullptr;
  void* ctx = nullptr;
};
Told told_by_signal;

// Also in a process that plugin code has forked, until it executes something
// else: that is no worker, and ends as it would without this handler. What
// pthread_atfork(3) could do for it would miss vfork(2), clone(2) and the
// moment after the fork.
void OnSignal(int) {
  const int saved_errno = errno;
  if (getpid() == told_by_signal.pid) {
    eventfd_write(told_by_signal.event_fd, 1);
  } else {
    signal(SIGTERM, SIG_DFL);
    kill(getpid(), SIGTERM);  // comes when this returns
  }
  errno = saved_errno;
}

void OnEvent(void*, uint32_t) {
  eventfd_t count;
  eventfd_read(told_by_signal.event_fd, &count);
  told_by_signal.told(told_by_signal.ctx);
}

}  // namespace

absl::Status WatchSigterm(Loop& loop, Loop::Function told, void* ctx) {
  // Open as long as the process: the handler may run at any time.
  const int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_fd < 0) return ErrnoStatus("eventfd");
  told_by_signal = {
      .pid = getpid(), .event_fd = event_fd, .told = told, .ctx = ctx};
  RETURN_IF_ERROR(loop.Add(event_fd, EPOLLIN, &OnEvent, nullptr).status());
  struct sigaction action = {};
  action.sa_handler = &OnSignal;
  action.sa_flags = SA_RESTART;
  if (sigaction(SIGTERM, &action, nullptr) != 0)
    return ErrnoStatus("sigaction");
  return absl::OkStatus();
}

}  // namespace cluster
