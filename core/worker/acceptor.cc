#include "core/worker/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <span>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/control/peer_address.h"
#include "core/scoreboard/claim.h"
#include "ipc/fd_passing.h"

namespace cluster {
namespace {

// More than one connection a wake-up would let the first worker that wakes take
// all; EPOLLEXCLUSIVE then wakes nobody else for them.
constexpr int kSharedAcceptsPerRound = 1;

// One writer, so no locked instruction is needed.
void Increment(std::atomic<uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1,
                std::memory_order_release);
}

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

bool OutOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

uint32_t HandoffAcceptor::epoll_events() const { return EPOLLIN; }

bool HandoffAcceptor::DecidedUpTo(uint64_t last) const {
  return cell_.claim.load(std::memory_order_acquire) >= last;
}

absl::Status HandoffAcceptor::Take(ConnectionTaker give) {
  std::array<int, kMaxHandoffBatch> fds;
  alignas(HandoffEntry) std::array<std::byte, kMaxHandoffBytes> bytes;
  const Received received = ReceiveMessage(receiver_.get(), bytes, fds);
  if (received.error == EAGAIN) return absl::OkStatus();
  if (OutOfDescriptors(received.error)) {
    return ErrnoStatus(received.error, "recvmsg", "hand-off");
  }
  if (received.error != 0) {
    return absl::DataLossError(
        absl::StrCat("hand-off: recvmsg: ", ErrnoName(received.error)));
  }
  if (received.bytes == 0) return absl::OutOfRangeError("hand-off closed");

  HandoffHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (received.bytes < sizeof(header) || header.magic != kHandoffMagic ||
      header.count > kMaxHandoffBatch ||
      received.bytes != sizeof(header) + header.count * sizeof(HandoffEntry) ||
      received.fd_count > header.count) {
    for (size_t i = 0; i < received.fd_count; ++i) close(fds[i]);
    return absl::DataLossError("hand-off: malformed message");
  }
  const auto* entries =
      reinterpret_cast<const HandoffEntry*>(bytes.data() + sizeof(header));
  cell_.taken.store(header.first_number + header.count - 1,
                    std::memory_order_release);
  for (uint32_t i = 0; i < header.count; ++i) {
    const uint64_t number = header.first_number + i;
    if (i >= received.fd_count) {
      // The kernel dropped the descriptor: this worker is at its limit.
      ClaimToRefuse(cell_, number);
      continue;
    }
    UniqueFd fd(fds[i]);
    if (!ClaimToStart(cell_, number)) continue;
    Increment(page_.started);
    give({.fd = std::move(fd),
          .id = entries[i].id,
          .accepted_ns = entries[i].accepted_ns,
          .listener = listener_,
          .peer = entries[i].peer});
  }
  if (received.fd_count < header.count) {
    return absl::ResourceExhaustedError(absl::StrCat(
        header.count - received.fd_count,
        " connections went back: no descriptors left; raise the limit (ulimit "
        "-n)"));
  }
  return absl::OkStatus();
}

uint32_t SharedAcceptor::epoll_events() const {
  return EPOLLIN | EPOLLEXCLUSIVE;
}

absl::Status SharedAcceptor::Take(ConnectionTaker give) {
  for (int i = 0; i < kSharedAcceptsPerRound; ++i) {
    sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    UniqueFd fd(accept4(socket_.get(),
                        reinterpret_cast<sockaddr*>(&peer),
                        &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (OutOfDescriptors(errno)) return ErrnoStatus("accept4");
      return absl::OkStatus();  // taken by another worker, or the client left
    }
    Increment(page_.accepted);
    Increment(page_.started);
    give({.fd = std::move(fd),
          .id = ++next_id_,
          .accepted_ns = NowNs(),
          .listener = listener_,
          .peer = ToPeerAddress(peer, length)});
  }
  return absl::OkStatus();
}

}  // namespace cluster
