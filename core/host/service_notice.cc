#include "core/host/service_notice.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/monotonic_clock.h"
#include "core/base/unique_fd.h"

namespace cluster {

ServiceNotice::ServiceNotice() {
  const char* socket = getenv("NOTIFY_SOCKET");
  if (socket == nullptr) return;
  socket_ = socket;
  unsetenv("NOTIFY_SOCKET");
}

void ServiceNotice::TellReloading() const {
  Tell(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", MonotonicNs() / 1'000));
}

void ServiceNotice::Tell(absl::string_view state) const {
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof(to.sun_path)) return;
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') to.sun_path[0] = '\0';
  const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  (void)!sendto(fd.get(),
                state.data(),
                state.size(),
                MSG_NOSIGNAL | MSG_DONTWAIT,
                reinterpret_cast<const sockaddr*>(&to),
                offsetof(sockaddr_un, sun_path) + socket_.size());
}

}  // namespace cluster
