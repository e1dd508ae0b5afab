#include "core/worker/control_channel.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/statusor.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

// What the kernel refuses is tried again after this.
constexpr int kRetryMs = 10;

// Whether a write has failed such that the next may not: out of memory, or too
// many descriptors are under way. The socket has room meanwhile, so it does not
// tell when this is over.
bool Passes(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

ControlChannel::~ControlChannel() { StopWatching(); }

void ControlChannel::StopWatching() {
  if (watch_ != nullptr) loop_.Remove(std::exchange(watch_, nullptr));
  if (retry_ != nullptr) loop_.CancelTimer(std::exchange(retry_, nullptr));
}

void ControlChannel::Close() {
  StopWatching();
  // Not close(): who was forked by the program's own hand may have it, too.
  shutdown(channel_.fd(), SHUT_RDWR);
}

absl::Status ControlChannel::Begin(FrameFunction frame, EndFunction end) {
  frame_ = std::move(frame);
  end_ = std::move(end);
  ASSIGN_OR_RETURN(
      watch_,
      loop_.Add(channel_.fd(), EPOLLIN, &ControlChannel::OnReady, this));
  return absl::OkStatus();
}

void ControlChannel::OnReady(void* channel, uint32_t epoll_events) {
  auto* self = static_cast<ControlChannel*>(channel);
  if ((epoll_events & EPOLLOUT) != 0) self->Flush();
  if ((epoll_events & ~uint32_t{EPOLLOUT}) == 0) return;
  const absl::Status status = self->channel_.OnReadable(
      [self](Frame frame) { self->frame_(std::move(frame)); });
  if (!status.ok()) self->end_(status);
}

void ControlChannel::SendBytes(FrameType type,
                               std::span<const std::byte> payload) {
  channel_.Send(static_cast<uint16_t>(type), payload);
  if (flush_at_once_) Flush();
}

uint64_t ControlChannel::SendJoined(FrameType type,
                                    std::span<const std::byte> head,
                                    std::span<const std::byte> rest,
                                    std::vector<UniqueFd> fds) {
  channel_.SendJoined(static_cast<uint16_t>(type), head, rest, std::move(fds));
  const uint64_t end = channel_.written_bytes() + channel_.queued_bytes();
  if (flush_at_once_) Flush();
  return end;
}

absl::Status ControlChannel::Write() {
  const uint64_t before = channel_.written_bytes();
  const absl::Status status = channel_.Flush();
  if (written_ && channel_.written_bytes() != before) {
    written_(channel_.written_bytes());
  }
  return status;
}

void ControlChannel::Flush() {
  if (!channel_.wants_write() && !watches_write_) return;
  if (watch_ == nullptr) return;  // it is closed
  // An error that stays is an end of stream too; reading tells which.
  const bool refused = Passes(Write());
  if (refused && retry_ == nullptr) {
    retry_ = loop_.StartTimer(kRetryMs * 1000, &ControlChannel::OnRetry, this);
  }
  const bool wants_write = channel_.wants_write() && !refused;
  if (wants_write == watches_write_) return;
  watches_write_ = wants_write;
  (void)loop_.Modify(watch_, EPOLLIN | (watches_write_ ? EPOLLOUT : 0u));
}

void ControlChannel::OnRetry(void* channel) {
  auto* self = static_cast<ControlChannel*>(channel);
  self->retry_ = nullptr;
  self->Flush();
}

void ControlChannel::ConverseUntil(absl::FunctionRef<bool()> done,
                                   int64_t limit_ms) {
  const int64_t end_ns = MonotonicNs() + limit_ms * 1'000'000;
  for (;;) {
    const absl::Status written = Write();
    const bool refused = Passes(written);
    if (!written.ok() && !refused) return;
    if (!channel_.wants_write() && done()) return;
    const int64_t left_ms = (end_ns - MonotonicNs()) / 1'000'000;
    if (left_ms <= 0) return;
    const int64_t wait_ms =
        refused ? std::min<int64_t>(left_ms, kRetryMs) : left_ms;
    const short room = channel_.wants_write() && !refused ? POLLOUT : 0;
    pollfd poll_fd = {channel_.fd(), static_cast<short>(POLLIN | room), 0};
    poll(&poll_fd, 1, static_cast<int>(wait_ms));
    if ((poll_fd.revents & ~POLLOUT) == 0) continue;
    const absl::Status status =
        channel_.OnReadable([this](Frame frame) { frame_(std::move(frame)); });
    if (!status.ok()) return;
  }
}

}  // namespace cluster
