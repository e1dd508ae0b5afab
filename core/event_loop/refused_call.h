// RefusedCall: while one lives, the kernel says no to one system call.
//
// For what a test cannot otherwise bring about, such as a kernel that has no
// memory left. It stands in front of the C library's functions of the whole
// test, Asio's calls and all, and passes on what it does not refuse.
//
// Thread safety: none. Lifetime: one at a time.
//
//   RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC);
//   EXPECT_FALSE(FdWatch::Create(io, fd).ok());
#ifndef CORE_EVENT_LOOP_REFUSED_CALL_H_
#define CORE_EVENT_LOOP_REFUSED_CALL_H_

#include <climits>
#include <cstddef>

namespace cluster {

class RefusedCall {
 public:
  enum Call {
    kEpollAdd,  // epoll_ctl, EPOLL_CTL_ADD
    kSendmsg,
    kAccept4,
    kSetsockopt,
  };

  // `call` fails with the errno `error`, once `after` of them have passed, and
  // so many times.
  RefusedCall(Call call, int error, int after = 0, int times = INT_MAX);
  RefusedCall(const RefusedCall&) = delete;
  RefusedCall& operator=(const RefusedCall&) = delete;
  ~RefusedCall();

  // How often it has been refused.
  static size_t count();
};

}  // namespace cluster

#endif  // CORE_EVENT_LOOP_REFUSED_CALL_H_
