#include "core/cluster/datagram_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/cluster/endpoint.h"
#include "core/cluster/listened_address.h"
#include "core/cluster/listener_desk.h"
#include "core/cluster/system_error.h"
#include "ipc/address.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/datagram.h"
#include "plugins/sdk/host.h"

namespace cluster {
namespace {

// The largest datagram of UDP.
constexpr size_t kMaxDatagramBytes = 65'536;
// A turn ends here, so that one busy socket does not starve the rest.
constexpr int kMaxPerRound = 64;

Address FromOf(const sockaddr_storage& storage, socklen_t length) {
  ListenAddress from;
  from.kind = ListenAddress::Kind::kUdp;
  from.storage = storage;
  from.length = length;
  return ToAddress(ToString(from));
}

// Nothing is bound at a descriptor, so Node names another call.
absl::Status OfOpening(int fd, const absl::Status& status) {
  const std::optional<SystemError> error = SystemErrorOf(status);
  if (!error.has_value()) return status;
  Address asked;
  asked.fd = fd;
  return ErrorAt(asked, error->number, "open");
}

}  // namespace

absl::Status DatagramSocket::bind(const BindOptions& options,
                                  OnListening listening) {
  if (fd_ >= 0 || asking_) {
    return absl::FailedPreconditionError("the socket is bound already");
  }
  const uint64_t number = ++asked_;
  asking_ = true;
  const auto self = shared_from_this();
  const absl::StatusOr<Endpoint> endpoint = ToEndpoint(options, options_);
  if (!endpoint.ok()) {
    desk_.Later([self, number, status = endpoint.status()] {
      if (number == self->asked_ && self->asking_) self->Fail(status);
    });
    return absl::OkStatus();
  }
  desk_.Listen(
      *endpoint,
      /*backlog=*/0,
      [self, number, fd = options.fd, listening = std::move(listening)](
          const ListenerDesk::Answer& answer) {
        if (number != self->asked_ || !self->asking_) {
          if (answer.status.ok()) self->desk_.Close(answer.listener);
          return;
        }
        if (!answer.status.ok()) {
          return self->Fail(fd < 0 ? answer.status
                                   : OfOpening(fd, answer.status));
        }
        self->OnBound(answer.listener, answer.bound, listening);
      });
  return absl::OkStatus();
}

void DatagramSocket::OnBound(uint32_t listener,
                             const Address& bound,
                             const OnListening& told) {
  sdk::Result<sdk::DatagramSocket> shared =
      sdk::DatagramSocket::Of(desk_.host(), listener);
  const absl::Status status =
      shared.ok() ? Follow(shared->fd())
                  : ErrorAt(bound, EINVAL, "open");  // a stream socket's number
  if (!status.ok()) {
    desk_.Close(listener);
    return Fail(status);
  }
  asking_ = false;
  listener_ = listener;
  bound_ = bound;
  desk_.Keep(shared_from_this());
  if (told) told(bound);
  for (const Outgoing& each : std::exchange(waiting_, {})) {
    if (fd_ < 0) break;  // closed by who was told, or by an error's listener
    if (const absl::Status sent = send(each.payload, each.port, each.address);
        !sent.ok() && !events_.of(events::error).Emit(sent)) {
      desk_.Error(sent);
    }
  }
}

absl::Status DatagramSocket::Follow(int fd) {
  auto watch = desk_.host().StartWatch(
      fd, CLUSTER_READABLE, [this](uint32_t) { OnReadable(); });
  if (!watch.ok()) {
    return absl::UnavailableError(watch.status().message());
  }
  watch_ = *std::move(watch);
  fd_ = fd;
  return absl::OkStatus();
}

absl::Status DatagramSocket::BindForItself() {
  own_.Reset(::socket(options_.ipv6 ? AF_INET6 : AF_INET,
                      SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                      0));
  if (!own_) return ErrnoStatus("socket");
  RETURN_IF_ERROR(Follow(own_.get()));
  desk_.Keep(shared_from_this());
  return absl::OkStatus();
}

absl::Status DatagramSocket::send(std::string_view payload,
                                  int port,
                                  const std::string& address) {
  if (asking_) {
    waiting_.push_back({std::string(payload), port, address});
    return absl::OkStatus();
  }
  const bool six = absl::StrContains(address, ":");
  ASSIGN_OR_RETURN(
      const ListenAddress to,
      ParseListenAddress(absl::StrCat(
          "udp:", six ? "[" : "", address, six ? "]" : "", ":", port)));
  if (fd_ < 0) RETURN_IF_ERROR(BindForItself());
  const ssize_t sent = ::sendto(fd_,
                                payload.data(),
                                payload.size(),
                                MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&to.storage),
                                to.length);
  if (sent >= 0) return absl::OkStatus();
  const int error = errno;
  return ErrorAt(ToAddress(ToString(to)), error, "send");
}

void DatagramSocket::OnReadable() {
  static auto& bytes = *new std::array<char, kMaxDatagramBytes>;
  const auto self = shared_from_this();  // it may be closed meanwhile
  for (int i = 0; i < kMaxPerRound && fd_ >= 0; ++i) {
    sockaddr_storage from;
    socklen_t length = sizeof(from);
    const ssize_t size = recvfrom(fd_,
                                  bytes.data(),
                                  bytes.size(),
                                  MSG_DONTWAIT,
                                  reinterpret_cast<sockaddr*>(&from),
                                  &length);
    if (size < 0) return;  // another worker was faster, or a peer is gone
    message_(std::string_view(bytes.data(), static_cast<size_t>(size)),
             FromOf(from, length));
  }
}

std::optional<Address> DatagramSocket::address() const {
  if (bound_.has_value() || !own_) return bound_;
  const absl::StatusOr<ListenAddress> local = LocalAddress(own_.get());
  if (!local.ok()) return std::nullopt;
  return ToAddress(local->text);
}

void DatagramSocket::Fail(const absl::Status& status) {
  asking_ = false;
  waiting_.clear();
  if (!events_.of(events::error).Emit(status)) desk_.Error(status);
}

void DatagramSocket::Unbind() {
  asking_ = false;
  waiting_.clear();
  watch_.reset();
  fd_ = -1;
  own_.Reset();
  bound_.reset();
  listener_.reset();
}

void DatagramSocket::close() {
  const std::optional<uint32_t> listener = listener_;
  const bool was_bound = fd_ >= 0;
  const auto self = shared_from_this();
  Unbind();
  if (listener.has_value()) desk_.Close(*listener);
  if (!was_bound) return;
  desk_.LetGo(*this);
  desk_.Later([self] { self->events_.of(events::close).Emit(); });
}

void DatagramSocket::Lost() {
  if (fd_ < 0) return;
  Unbind();
  events_.of(events::close).Emit();
}

}  // namespace cluster
