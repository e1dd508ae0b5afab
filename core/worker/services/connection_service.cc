#include "core/worker/services/connection_service.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "core/control/handoff.h"
#include "core/control/peer_address.h"
#include "core/worker/host_context.h"

namespace cluster {
namespace {

void Close(const cluster_host* host, int32_t fd, uint64_t) {
  // The primary may hold a copy for some milliseconds more: only shutdown tells
  // the peer at once.
  shutdown(fd, SHUT_RDWR);
  close(fd);
  HostContext::From(host).ConnectionClosed();
}

void Closed(const cluster_host* host, uint64_t) {
  HostContext::From(host).ConnectionClosed();
}

cluster_status LocalAddress(const cluster_host*,
                            int32_t fd,
                            cluster_address* address) {
  sockaddr_storage storage;
  socklen_t length = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return CLUSTER_E_SYSTEM;
  }
  const PeerAddress local = ToPeerAddress(storage, length);
  static_assert(sizeof(local) == sizeof(*address));
  std::memcpy(address, &local, sizeof(local));
  return CLUSTER_OK;
}

}  // namespace

// `size` ends before what is not served.
constexpr cluster_connection_v1 kConnectionService = {
    .size = offsetof(cluster_connection_v1, requests),
    .flags = 0,
    .close = &Close,
    .closed = &Closed,
    .local_address = &LocalAddress,
    .requests = nullptr,
    .bytes = nullptr};

}  // namespace cluster
