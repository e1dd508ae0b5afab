#include "core/primary/messages/message_exchange.h"

#include <algorithm>
#include <chrono>

#include "core/base/status_macros.h"
#include "core/primary/messages/message_window.h"

namespace cluster {
namespace {

constexpr auto kTickInterval = std::chrono::seconds(1);
// What is read before those who wait for room are told of it. Not at the end of
// the turn: until then a sender with a full window would stand still.
constexpr size_t kFlushBytes = MessageWindow::kCreditStep;

}  // namespace

MessageExchange::MessageExchange(boost::asio::io_context& io,
                                 TroubleFunction trouble)
    : trouble_(std::move(trouble)),
      tick_(io),
      deadline_(io),
      next_turn_(io, [this] {
        mailbox_.OnTurn();
        Flush();
      }) {}

void MessageExchange::Add(WorkerProcess& worker) {
  workers_.emplace(worker.id(), Member{.worker = &worker});
  router_.Add(worker.id(), worker.slot().index());
  mailbox_.Add(worker.id());
}

void MessageExchange::Remove(WorkerProcess& worker) {
  if (workers_.erase(worker.id()) == 0) return;
  router_.Remove(worker.id());
  // Nothing but heads, which make sense.
  (void)mailbox_.ReadInbox();
  mailbox_.Remove(worker.id());
  Flush();
  if (!workers_.empty()) return;
  // Nobody is left to wait for; nor shall the loop, for these.
  tick_.Cancel();
  deadline_.Cancel();
}

bool MessageExchange::Takes(const Frame& frame) {
  switch (static_cast<FrameType>(frame.type)) {
    case FrameType::kMessage:
    case FrameType::kMessagePart:
    case FrameType::kForget:
      return true;
    default:
      return false;
  }
}

absl::Status MessageExchange::OnFrame(WorkerProcess& worker, Frame frame) {
  read_bytes_ += frame.payload.size();
  RETURN_IF_ERROR(Route(worker.id(), std::move(frame)));
  RETURN_IF_ERROR(mailbox_.ReadInbox());
  if (read_bytes_ >= kFlushBytes) OnTurnEnd();
  return absl::OkStatus();
}

absl::Status MessageExchange::Route(uint32_t id, Frame frame) {
  switch (static_cast<FrameType>(frame.type)) {
    case FrameType::kMessage:
      return router_.OnMessage(id, frame.payload, std::move(frame.fds));
    case FrameType::kMessagePart:
      return router_.OnPart(id, frame.payload);
    default:
      return router_.OnForget(id, frame.payload);
  }
}

uint64_t MessageExchange::Queue(uint32_t to,
                                FrameType type,
                                std::span<const std::byte> head,
                                std::span<const std::byte> rest,
                                std::vector<UniqueFd> fds) {
  return UnflushedWorker(to).Queue(type, head, rest, std::move(fds));
}

uint64_t MessageExchange::QueueOfPrimary(uint32_t to,
                                         FrameType type,
                                         std::span<const std::byte> head,
                                         const MessagePayload& rest,
                                         std::vector<UniqueFd> fds) {
  WorkerProcess& worker = UnflushedWorker(to);
  // The FrameHandler allows for these.
  worker.message_bytes += rest.span().size();
  return rest.is_shared()
             ? worker.QueueShared(type, head, rest.Share(), std::move(fds))
             : worker.Queue(type, head, rest.span(), std::move(fds));
}

WorkerProcess& MessageExchange::UnflushedWorker(uint32_t id) {
  Member& member = workers_.at(id);
  if (!std::exchange(member.is_unflushed, true)) unflushed_.push_back(id);
  return *member.worker;
}

void MessageExchange::Flush() {
  // What is written gives credits, which are written likewise.
  if (std::exchange(flushing_, true)) return;
  for (size_t i = 0; i < unflushed_.size(); ++i) {
    const auto found = workers_.find(unflushed_[i]);
    if (found == workers_.end()) continue;
    WorkerProcess& worker = *found->second.worker;
    found->second.is_unflushed = false;
    worker.Flush();
    worker.message_bytes = router_.WaitingBytes(worker.id());
  }
  unflushed_.clear();
  flushing_ = false;
  ScheduleTick();
}

void MessageExchange::OnWritten(WorkerProcess& worker) {
  router_.OnWritten(worker.id(), worker.written_bytes());
  mailbox_.OnWritten(worker.id(), worker.written_bytes());
  worker.message_bytes = router_.WaitingBytes(worker.id());
  Flush();
}

void MessageExchange::WakeAt(int64_t at_ns) {
  const int64_t left_ns = std::max<int64_t>(0, at_ns - MonotonicNs());
  deadline_.Set(std::chrono::nanoseconds(left_ns), [this] {
    mailbox_.OnTime();
    Flush();
  });
}

void MessageExchange::ScheduleTick() {
  if (tick_.set() || !router_.AnyWaits()) return;
  tick_.Set(kTickInterval, [this] {
    router_.Tick();
    Flush();
  });
}

}  // namespace cluster
