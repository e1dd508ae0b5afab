#include "core/event_loop/refused_call.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace {

int refused_call = -1;
int refused_error = 0;
int calls_left = 0;  // that pass
int times_left = 0;  // that it is refused then
size_t refused_count = 0;

bool Refused(cluster::RefusedCall::Call call) {
  if (refused_call != call || calls_left-- > 0) return false;
  calls_left = 0;
  if (times_left == 0) return false;
  --times_left;
  ++refused_count;
  errno = refused_error;
  return true;
}

}  // namespace

extern "C" int epoll_ctl(int epoll,
                         int op,
                         int fd,
                         epoll_event* event) __THROW {
  if (op == EPOLL_CTL_ADD && Refused(cluster::RefusedCall::kEpollAdd)) {
    return -1;
  }
  return static_cast<int>(syscall(SYS_epoll_ctl, epoll, op, fd, event));
}

extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (Refused(cluster::RefusedCall::kSendmsg)) return -1;
  return syscall(SYS_sendmsg, fd, message, flags);
}

extern "C" int accept4(int fd, sockaddr* peer, socklen_t* length, int flags) {
  if (Refused(cluster::RefusedCall::kAccept4)) return -1;
  return static_cast<int>(syscall(SYS_accept4, fd, peer, length, flags));
}

extern "C" int setsockopt(int fd,
                          int level,
                          int option,
                          const void* value,
                          socklen_t length) __THROW {
  if (Refused(cluster::RefusedCall::kSetsockopt)) return -1;
  return static_cast<int>(
      syscall(SYS_setsockopt, fd, level, option, value, length));
}

namespace cluster {

RefusedCall::RefusedCall(Call call, int error, int after, int times) {
  refused_call = call;
  refused_error = error;
  calls_left = after;
  times_left = times;
  refused_count = 0;
}

RefusedCall::~RefusedCall() { refused_call = -1; }

size_t RefusedCall::count() { return refused_count; }

}  // namespace cluster
