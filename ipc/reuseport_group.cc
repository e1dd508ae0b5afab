#include "ipc/reuseport_group.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "ipc/listener.h"

namespace cluster {
namespace {

// Whether the socket takes IPv6 alone: those that join must be alike.
bool IsIpv6Only(int fd, const ListenAddress& bound) {
  if (bound.storage.ss_family != AF_INET6) return false;
  int value = 0;
  socklen_t length = sizeof(value);
  return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &length) == 0 &&
         value != 0;
}

}  // namespace

absl::StatusOr<ReuseportGroup> ReuseportGroup::Create(UniqueFd first,
                                                      int backlog) {
  ASSIGN_OR_RETURN(ListenAddress bound, LocalAddress(first.get()));
  if (bound.kind != ListenAddress::Kind::kTcp &&
      bound.kind != ListenAddress::Kind::kUdp) {
    return absl::InvalidArgumentError(
        absl::StrCat(ToString(bound), " is no TCP or UDP socket"));
  }
  const int on = 1;
  if (setsockopt(first.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    return ErrnoStatus("setsockopt", "SO_REUSEPORT");
  }
  return ReuseportGroup(std::move(bound), backlog, std::move(first));
}

absl::Status ReuseportGroup::Join() {
  if (sockets_.empty()) return ErrnoStatus(ESHUTDOWN, "listen", "all closed");
  ASSIGN_OR_RETURN(
      UniqueFd socket,
      OpenListener(bound_,
                   {.backlog = backlog_,
                    .ipv6_only = IsIpv6Only(sockets_.front().get(), bound_),
                    .reuse_port = true}));
  sockets_.push_back(std::move(socket));
  return absl::OkStatus();
}

}  // namespace cluster
