#include "core/primary/workers/worker_process.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "core/base/deadline_ns.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/primary/workers/worker_owner.h"

namespace cluster {
namespace {

// Turns at what a worker that has ended left behind: more than the kernel keeps
// of a channel, and an end where somebody else goes on writing.
constexpr int kLastTurns = 32;
// How soon a message is tried again for which the kernel lacked something.
constexpr auto kFlushRetry = std::chrono::milliseconds(10);

}  // namespace

WorkerProcess::WorkerProcess(boost::asio::io_context& io,
                             uint32_t id,
                             Slot& slot,
                             ChildProcess child,
                             int64_t fork_ns,
                             WorkerOwner& owner)
    : signs(fork_ns),
      io_(io),
      id_(id),
      pid_(child.pid),
      fork_ns_(fork_ns),
      slot_(slot),
      owner_(owner),
      pidfd_(std::move(child.pidfd)),
      flush_alarm_(io),
      kill_alarm_(io) {
  channel_.emplace(std::move(child.channel),
                   ChannelOptions{.max_payload_bytes = kMaxWorkerPayloadBytes,
                                  .uses_ring = true});
  pipes_ = std::move(child.pipes);
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Create(
    boost::asio::io_context& io,
    uint32_t id,
    Slot& slot,
    ChildProcess child,
    bool capture_output,
    int64_t fork_ns,
    WorkerOwner& owner) {
  std::unique_ptr<WorkerProcess> worker(
      new WorkerProcess(io, id, slot, std::move(child), fork_ns, owner));
  absl::Status status = worker->Watch();
  if (status.ok() && capture_output) status = worker->CaptureOutput();
  if (status.ok()) return worker;
  KillAndReap(worker->pidfd_.get());
  return status;
}

absl::Status WorkerProcess::Watch() {
  ASSIGN_OR_RETURN(channel_watch_, FdWatch::Create(io_, channel_->fd()));
  channel_watch_->OnReadable([this] { ReadChannel(); });
  ASSIGN_OR_RETURN(exit_watch_, FdWatch::Create(io_, pidfd_.get()));
  exit_watch_->OnReadable([this] { OnProcessEnd(); });
  return absl::OkStatus();
}

absl::Status WorkerProcess::CaptureOutput() {
  for (const int number : {STDOUT_FILENO, STDERR_FILENO}) {
    if (static_cast<size_t>(number) >= pipes_.size()) break;
    if (!pipes_[number]) continue;
    const auto tell = [this, number](absl::string_view line) {
      owner_.OnOutput(*this, number, line);
    };
    ASSIGN_OR_RETURN(
        std::unique_ptr<WorkerOutput> output,
        WorkerOutput::Create(io_, std::move(pipes_[number]), tell));
    outputs_.push_back(std::move(output));
  }
  return absl::OkStatus();
}

// ---- The control channel

void WorkerProcess::SendBytes(FrameType type,
                              std::span<const std::byte> payload,
                              std::vector<UniqueFd> fds) {
  if (!channel_) return;
  channel_->Send(static_cast<uint16_t>(type), payload, std::move(fds));
  Flush();
}

uint64_t WorkerProcess::Queue(FrameType type,
                              std::span<const std::byte> head,
                              std::span<const std::byte> rest,
                              std::vector<UniqueFd> fds) {
  if (!channel_) return 0;
  channel_->SendJoined(static_cast<uint16_t>(type), head, rest, std::move(fds));
  return channel_->written_bytes() + channel_->queued_bytes();
}

uint64_t WorkerProcess::QueueShared(FrameType type,
                                    std::span<const std::byte> head,
                                    const SharedBytes& rest,
                                    std::vector<UniqueFd> fds) {
  if (!channel_) return 0;
  channel_->SendShared(static_cast<uint16_t>(type), head, rest, std::move(fds));
  return channel_->written_bytes() + channel_->queued_bytes();
}

void WorkerProcess::Flush() {
  if (!channel_) return;
  const uint64_t before = channel_->written_bytes();
  const absl::Status status = channel_->Flush();
  if (channel_->written_bytes() != before) owner_.OnWritten(*this);
  if (status.ok()) {
    if (!channel_->wants_write()) return;
    return channel_watch_->OnceWritable([this] { Flush(); });
  }
  // The socket has room, so it would not tell when this is over. Any other
  // failure means that the peer is gone; reading tells, in order.
  const int error = ErrnoOf(status);
  if (error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM) {
    flush_alarm_.Set(kFlushRetry, [this] { Flush(); });
  }
}

void WorkerProcess::ReadChannel() {
  absl::Status violation;
  absl::Status status = channel_->OnReadable([&](Frame frame) {
    if (violation.ok()) violation = owner_.OnFrame(*this, std::move(frame));
  });
  owner_.OnTurnEnd(*this);
  if (!violation.ok()) status = violation;
  if (!status.ok()) CloseChannel(status);
}

void WorkerProcess::CloseChannel(const absl::Status& why) {
  if (!channel_) return;
  channel_watch_.reset();
  channel_.reset();
  owner_.OnChannelClosed(*this, why);
}

void WorkerProcess::Abandon() {
  channel_watch_.reset();
  channel_.reset();
}

// ---- The end

void WorkerProcess::KillAfter(absl::Duration delay, std::string why) {
  const int64_t at_ns =
      DeadlineNs(MonotonicNs(), absl::ToInt64Nanoseconds(delay));
  if (kill_alarm_.set() && kill_at_ns_ <= at_ns) return;
  kill_at_ns_ = at_ns;
  kill_alarm_.Set(absl::ToChronoNanoseconds(delay),
                  [this, why = std::move(why)] {
                    if (last_words.empty()) last_words = why;
                    (void)Signal(SIGKILL);
                  });
}

void WorkerProcess::OnProcessEnd() {
  const std::optional<WorkerExit> exit = Reap(pidfd_.get());
  if (!exit) return;
  exit_watch_->Stop();
  // What it wrote before it died comes first.
  for (int i = 0; i < kLastTurns && channel_; ++i) ReadChannel();
  for (const auto& output : outputs_) output->Finish();
  owner_.OnExit(*this, *exit);
}

}  // namespace cluster
