#include "core/worker/services/connection_service.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/string_view.h"
#include "core/base/monotonic_clock.h"
#include "core/control/socket_address.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"
#include "core/worker/open_connections.h"

namespace cluster {
namespace {

constexpr CallRule kClose = {
    CLUSTER_SERVICE_CONNECTION_V1, "close", kLoopThread, kStartedToStopped};
constexpr CallRule AnyThread(absl::string_view function) {
  return {
      CLUSTER_SERVICE_CONNECTION_V1, function, kAnyThread, kStartedToStopped};
}
constexpr CallRule kClosed = AnyThread("closed");
constexpr CallRule kLocalAddress = AnyThread("local_address");
constexpr CallRule kRequests = {
    CLUSTER_SERVICE_CONNECTION_V1, "requests", kLoopThread, kStartedToStopped};
constexpr CallRule kBytes = AnyThread("bytes");

constexpr absl::string_view kNotOpen = "its id is of no open connection";

void Close(const cluster_host* host, int32_t fd, uint64_t id) {
  if (Contract::Check(host, kClose) != CLUSTER_OK) return;
  HostContext& context = HostContext::From(host);
  // The number may be another connection's by now: hands off.
  if (!context.open_connections().IsOpen(id)) {
    Contract::Refuse(kClose, kNotOpen);
    return;
  }
  // The primary may hold a copy for some milliseconds more: only shutdown tells
  // the peer at once.
  const int error = shutdown(fd, SHUT_RDWR) == 0 ? 0 : errno;
  if (fd < 0 || error == ENOTSOCK) {
    // Not that of the connection, whose peer would wait for ever.
    Contract::Refuse(kClose, "its fd is no socket; the connection stays open");
    return;
  }
  if (error == EBADF) {
    Contract::Refuse(kClose, "its fd is closed already; say so by closed");
  } else {
    close(fd);
  }
  context.open_connections().Closed(id, MonotonicNs());
  context.ConnectionClosed();
}

void Closed(const cluster_host* host, uint64_t id) {
  if (Contract::Check(host, kClosed) != CLUSTER_OK) return;
  if (!HostContext::From(host).open_connections().Closed(id, MonotonicNs())) {
    Contract::Refuse(kClosed, kNotOpen);
    return;
  }
  HostContext::From(host).ConnectionClosed();
}

cluster_status LocalAddress(const cluster_host* host,
                            int32_t fd,
                            cluster_address* address) {
  if (const auto no = Contract::Check(host, kLocalAddress)) return no;
  if (address == nullptr) {
    return Contract::Refuse(kLocalAddress, "address is NULL");
  }
  sockaddr_storage storage;
  socklen_t length = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return CLUSTER_E_SYSTEM;
  }
  const SocketAddress local = ToSocketAddress(storage, length);
  static_assert(sizeof(local) == sizeof(*address));
  std::memcpy(address, &local, sizeof(local));
  return CLUSTER_OK;
}

void Requests(const cluster_host* host, uint64_t id, int32_t change) {
  if (Contract::Check(host, kRequests) != CLUSTER_OK) return;
  switch (HostContext::From(host).open_connections().AddRequests(id, change)) {
    case OpenConnections::Change::kDone:
      break;
    case OpenConnections::Change::kNotOpen:
      Contract::Refuse(kRequests, kNotOpen);
      break;
    case OpenConnections::Change::kBelowZero:
      Contract::Refuse(kRequests, "takes back more requests than there are");
      break;
  }
}

void Bytes(const cluster_host* host,
           uint64_t,
           uint64_t received,
           uint64_t sent) {
  if (Contract::Check(host, kBytes) != CLUSTER_OK) return;
  SlotPage& page = HostContext::From(host).page();
  page.bytes_received.fetch_add(received, std::memory_order_relaxed);
  page.bytes_sent.fetch_add(sent, std::memory_order_relaxed);
}

}  // namespace

constexpr cluster_connection_v1 kConnectionService = {
    .size = sizeof(cluster_connection_v1),
    .flags = 0,
    .close = &Close,
    .closed = &Closed,
    .local_address = &LocalAddress,
    .requests = &Requests,
    .bytes = &Bytes};

}  // namespace cluster
