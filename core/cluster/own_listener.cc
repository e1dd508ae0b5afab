#include "core/cluster/own_listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/cluster/listened_address.h"
#include "core/cluster/system_error.h"
#include "core/control/socket_address.h"
#include "ipc/accept_error.h"
#include "ipc/address.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// As a worker's other listeners do (core/worker/listening.cc).
constexpr auto kRest = std::chrono::milliseconds(50);

// What errno says of `fd`.
absl::Status ErrorOf(int fd, absl::string_view syscall) {
  const int number = errno;
  Address asked;
  asked.fd = fd;
  return ErrorAt(asked, number, syscall);
}

absl::Status MakeNonBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0) {
    return absl::OkStatus();
  }
  return ErrorOf(fd, "fcntl");
}

cluster_address PeerOf(const sockaddr_storage& from, socklen_t length) {
  const SocketAddress read = ToSocketAddress(from, length);
  cluster_address peer = {};
  static_assert(sizeof(peer) == sizeof(read));
  std::memcpy(&peer, &read, sizeof(peer));
  return peer;
}

}  // namespace

absl::StatusOr<OwnConnection> OwnConnection::Of(Handle handle) {
  const HandleKind kind = handle.kind();
  sockaddr_storage from = {};
  socklen_t length = sizeof(from);
  if ((kind != HandleKind::kTcpSocket && kind != HandleKind::kUnixSocket) ||
      getpeername(handle.fd(), reinterpret_cast<sockaddr*>(&from), &length) !=
          0) {
    return absl::InvalidArgumentError("the handle is no connected socket");
  }
  RETURN_IF_ERROR(MakeNonBlocking(handle.fd()));
  return OwnConnection{.fd = UniqueFd(handle.release()),
                       .peer = PeerOf(from, length)};
}

absl::StatusOr<std::unique_ptr<OwnListener>> OwnListener::Create(
    const sdk::Services& services,
    Handle handle,
    int backlog,
    Accepted accepted) {
  if (::listen(handle.fd(), backlog) != 0) {
    return ErrorOf(handle.fd(), "listen");
  }
  RETURN_IF_ERROR(MakeNonBlocking(handle.fd()));
  ASSIGN_OR_RETURN(const ListenAddress local, LocalAddress(handle.fd()));
  std::unique_ptr<OwnListener> listener(new OwnListener(
      services, std::move(handle), ToAddress(local.text), std::move(accepted)));
  RETURN_IF_ERROR(listener->Begin());
  return listener;
}

absl::Status OwnListener::Begin() {
  auto watch = host_.StartWatch(
      handle_.fd(), CLUSTER_READABLE, [this](uint32_t) { OnReadable(); });
  if (!watch.ok()) return absl::UnavailableError(watch.status().message());
  watch_ = *std::move(watch);
  return absl::OkStatus();
}

void OwnListener::SetPaused(bool paused) {
  paused_ = paused;
  rest_.reset();
  if (paused) return watch_.reset();
  if (!watch_.has_value() && !Begin().ok()) BackOff();
}

void OwnListener::BackOff() {
  watch_.reset();
  auto timer = host_.StartTimer(kRest, [this] {
    if (!Begin().ok()) BackOff();
  });
  if (timer.ok()) rest_ = *std::move(timer);
}

void OwnListener::OnReadable() {
  sockaddr_storage from = {};
  socklen_t length = sizeof(from);
  UniqueFd fd(accept4(handle_.fd(),
                      reinterpret_cast<sockaddr*>(&from),
                      &length,
                      SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) {
    const int error = errno;
    // Another process was faster, or the client has left.
    if (error == EAGAIN || IsOfTheConnection(error)) return;
    if (std::exchange(trouble_, error) != error) {
      host_.Log(CLUSTER_LOG_WARNING,
                std::string(ErrorAt(address_, error, "accept4").message()));
    }
    return BackOff();
  }
  trouble_ = 0;
  // A copy: the call may destroy this.
  const Accepted accepted = accepted_;
  accepted(std::move(fd), PeerOf(from, length));
}

}  // namespace cluster
