// ServiceNotice: tells a service manager how this process is, as sd_notify(3)
// does: a datagram to the socket that NOTIFY_SOCKET names.
//
// Thread safety: one thread; it changes the environment when it is made.
//
//   ServiceNotice notice;
//   notice.Tell("READY=1");
#ifndef CORE_HOST_SERVICE_NOTICE_H_
#define CORE_HOST_SERVICE_NOTICE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

class ServiceNotice {
 public:
  // Takes NOTIFY_SOCKET out of the environment: what this process starts does
  // not speak for it.
  ServiceNotice();

  // Nothing happens where nobody asked, and if it cannot be said.
  void Tell(absl::string_view state) const;

 private:
  std::string socket_;  // empty: nobody asked
};

}  // namespace cluster

#endif  // CORE_HOST_SERVICE_NOTICE_H_
