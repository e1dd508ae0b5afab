// ServiceNotice: tells a service manager how this process is, as sd_notify(3)
// does: a datagram to the socket that NOTIFY_SOCKET names.
//
// Thread safety: one thread; it changes the environment when it is made.
//
//   ServiceNotice notice;
//   notice.TellReady();
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

  // Whether a service manager wants to be told.
  bool wanted() const { return !socket_.empty(); }

  // Nothing happens where nobody asked, and if it cannot be said.
  // It serves, or has reloaded.
  void TellReady() const { Tell("READY=1"); }
  // It begins to reload; TellReady() follows. With the time, CLOCK_MONOTONIC,
  // by which Type=notify-reload knows that it was not said before its signal.
  void TellReloading() const;
  // It begins to end.
  void TellStopping() const { Tell("STOPPING=1"); }

 private:
  void Tell(absl::string_view state) const;

  std::string socket_;  // empty: nobody asked
};

}  // namespace cluster

#endif  // CORE_HOST_SERVICE_NOTICE_H_
