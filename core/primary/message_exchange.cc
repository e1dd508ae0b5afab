#include "core/primary/message_exchange.h"

#include <chrono>
#include <utility>

namespace cluster {
namespace {

constexpr auto kTickInterval = std::chrono::seconds(1);

}  // namespace

MessageExchange::MessageExchange(boost::asio::io_context& io,
                                 TroubleFunction trouble)
    : trouble_(std::move(trouble)), tick_(io) {}

void MessageExchange::Add(WorkerProcess& worker) {
  workers_.emplace(worker.id(), &worker);
  router_.Add(worker.id(), worker.slot().index());
}

void MessageExchange::Remove(WorkerProcess& worker) {
  if (workers_.erase(worker.id()) == 0) return;
  router_.Remove(worker.id());
  Flush();
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
  const uint32_t id = worker.id();
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
  WorkerProcess& worker = *workers_.at(to);
  if (!std::exchange(worker.has_unflushed, true)) unflushed_.push_back(to);
  return worker.Queue(type, head, rest, std::move(fds));
}

void MessageExchange::Flush() {
  // What is written gives credits, which are written likewise.
  if (std::exchange(flushing_, true)) return;
  for (size_t i = 0; i < unflushed_.size(); ++i) {
    const auto found = workers_.find(unflushed_[i]);
    if (found == workers_.end()) continue;
    WorkerProcess& worker = *found->second;
    worker.has_unflushed = false;
    worker.Flush();
    worker.message_bytes = router_.WaitingBytes(worker.id());
  }
  unflushed_.clear();
  flushing_ = false;
  ScheduleTick();
}

void MessageExchange::OnWritten(WorkerProcess& worker) {
  router_.OnWritten(worker.id(), worker.written_bytes());
  worker.message_bytes = router_.WaitingBytes(worker.id());
  Flush();
}

void MessageExchange::ScheduleTick() {
  if (tick_.set() || !router_.AnyWaits()) return;
  tick_.Set(kTickInterval, [this] {
    router_.Tick();
    Flush();
  });
}

}  // namespace cluster
