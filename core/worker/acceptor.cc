#include "core/worker/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/control/socket_address.h"
#include "core/scoreboard/claim.h"
#include "ipc/accept_error.h"
#include "ipc/fd_passing.h"

namespace cluster {
namespace {

// More than one connection a wake-up would let the first worker that wakes take
// all; EPOLLEXCLUSIVE then wakes nobody else for them.
constexpr size_t kSharedAcceptsPerRound = 1;

// One writer, so no locked instruction is needed.
void Increment(std::atomic<uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1,
                std::memory_order_release);
}

bool OutOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

cluster_connection ToAbi(IncomingConnection connection) {
  cluster_connection given = {
      .size = sizeof(cluster_connection),
      .fd = connection.fd.Release(),
      .id = connection.id,
      .accepted_ns = static_cast<uint64_t>(connection.accepted_ns),
      .listener = connection.listener,
      .reserved = 0,
      .peer = {}};
  static_assert(sizeof(given.peer) == sizeof(connection.peer));
  std::memcpy(&given.peer, &connection.peer, sizeof(given.peer));
  return given;
}

uint32_t HandoffAcceptor::epoll_events() const { return EPOLLIN; }

bool HandoffAcceptor::DecidedUpTo(uint64_t last) const {
  return cell_.claim.load(std::memory_order_acquire) >= last;
}

absl::Status HandoffAcceptor::Take(ConnectionTaker give, size_t limit) {
  hold_ = false;
  const size_t given = GiveReceived(give, limit);
  if (waiting()) return absl::OkStatus();
  size_t lost = 0;
  RETURN_IF_ERROR(ReceiveBatch(&lost));
  GiveReceived(give, limit - given);
  if (lost == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      lost,
      " connections went back: no descriptors left; raise the limit (ulimit "
      "-n)"));
}

absl::Status HandoffAcceptor::ReceiveBatch(size_t* lost) {
  std::array<int, kMaxHandoffBatch> fds;
  alignas(HandoffEntry) std::array<std::byte, kMaxHandoffBytes> bytes;
  const cluster::Received message = ReceiveMessage(receiver_.get(), bytes, fds);
  if (message.error == EAGAIN) return absl::OkStatus();
  if (OutOfDescriptors(message.error)) {
    return ErrnoStatus(message.error, "recvmsg", "hand-off");
  }
  if (message.error != 0) {
    return absl::DataLossError(
        absl::StrCat("hand-off: recvmsg: ", ErrnoName(message.error)));
  }
  if (message.bytes == 0) return absl::OutOfRangeError("hand-off closed");

  HandoffHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (message.bytes < sizeof(header) || header.magic != kHandoffMagic ||
      header.count > kMaxHandoffBatch ||
      message.bytes != sizeof(header) + header.count * sizeof(HandoffEntry) ||
      message.fd_count > header.count) {
    for (size_t i = 0; i < message.fd_count; ++i) close(fds[i]);
    return absl::DataLossError("hand-off: malformed message");
  }
  const auto* entries =
      reinterpret_cast<const HandoffEntry*>(bytes.data() + sizeof(header));
  // One without a descriptor: the kernel dropped it, as this worker is at its
  // limit.
  *lost = header.count - message.fd_count;
  for (uint32_t i = 0; i < header.count; ++i) {
    received_.push_back({.number = header.first_number + i,
                         .entry = entries[i],
                         .fd = UniqueFd(i < message.fd_count ? fds[i] : -1)});
  }
  return absl::OkStatus();
}

size_t HandoffAcceptor::GiveReceived(ConnectionTaker give, size_t limit) {
  size_t given = 0;
  while (waiting() && given < limit && !hold_) {
    Received next = std::move(received_[next_++]);
    if (!next.fd) {
      ClaimToRefuse(cell_, next.number);
      continue;
    }
    if (!ClaimToStart(cell_, next.number)) continue;
    ++given;
    Increment(page_.started);
    give({.fd = std::move(next.fd),
          .id = next.entry.id,
          .accepted_ns = next.entry.accepted_ns,
          .listener = listener_,
          .peer = next.entry.peer});
  }
  if (!waiting()) Drop();
  return given;
}

void HandoffAcceptor::Drop() {
  received_.clear();
  next_ = 0;
}

uint32_t SocketAcceptor::epoll_events() const {
  return owner_ == Owner::kAllWorkers ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN;
}

absl::Status SocketAcceptor::Take(ConnectionTaker give, size_t limit) {
  hold_ = false;
  const size_t most =
      std::min(owner_ == Owner::kAllWorkers ? kSharedAcceptsPerRound
                                            : kOwnAcceptsPerRound,
               limit);
  for (size_t i = 0; i < most && !hold_; ++i) {
    sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    UniqueFd fd(accept4(socket_.get(),
                        reinterpret_cast<sockaddr*>(&peer),
                        &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      // Taken by another worker, or the client left.
      if (errno == EAGAIN || IsOfTheConnection(errno)) return absl::OkStatus();
      return ErrnoStatus("accept4");
    }
    Increment(page_.accepted);
    Increment(page_.started);
    give({.fd = std::move(fd),
          .id = ++next_id_,
          .accepted_ns = MonotonicNs(),
          .listener = listener_,
          .peer = ToSocketAddress(peer, length)});
  }
  return absl::OkStatus();
}

}  // namespace cluster
