#include "core/primary/messages/primary_outbox.h"

#include <algorithm>

namespace cluster {

void PrimaryOutbox::Add(Message message, QueueFunction queue) {
  const size_t bytes = message.payload.span().size();
  const uint64_t cost = CostOf(bytes, message.fds.size());
  Count(cost);
  message.head.total_bytes = bytes;
  if (held_.empty() && may_send() && bytes <= kMaxPartBytes) {
    const uint64_t end = queue(FrameType::kDelivery,
                               BytesOf(message.head),
                               message.payload,
                               std::move(message.fds));
    return Sent(end, cost, std::move(message.done));
  }
  held_.push_back({.type = FrameType::kDelivery,
                   .head = message.head,
                   .bytes = message.payload.Share(),
                   .fds = std::move(message.fds),
                   .done = std::move(message.done)});
  Fill(queue);
}

void PrimaryOutbox::AddForget(uint64_t request, QueueFunction queue) {
  Count(CostOf(0, 0));
  held_.push_back({.type = FrameType::kForgotten,
                   .head = {.request = request},
                   .bytes = {},
                   .fds = {},
                   .done = nullptr});
  Fill(queue);
}

void PrimaryOutbox::Count(uint64_t cost) {
  unsent_ += cost;
  added_ += cost;
}

void PrimaryOutbox::Fill(QueueFunction queue) {
  while (!held_.empty() && may_send()) {
    Held& front = held_.front();
    SendPart(front, queue);
    if (front.sent == front.bytes.size()) held_.pop_front();
  }
}

void PrimaryOutbox::SendPart(Held& front, QueueFunction queue) {
  const bool is_first = front.sent == 0;
  const size_t left = front.bytes.size() - front.sent;
  const size_t count = std::min(left, kMaxPartBytes);
  const uint64_t cost =
      is_first ? CostOf(count, front.fds.size()) : uint64_t{count};
  const MessagePayload part(front.bytes.Part(front.sent, count));
  uint64_t end = 0;
  if (front.type == FrameType::kForgotten) {
    const ForgetRequest forgotten = {.request = front.head.request,
                                     .asker = kPrimaryId};
    end = queue(front.type, BytesOf(forgotten), part, {});
  } else if (is_first) {
    end = queue(front.type, BytesOf(front.head), part, std::move(front.fds));
  } else {
    const PartHead head = {.from_worker = kPrimaryId};
    end = queue(FrameType::kDeliveryPart, BytesOf(head), part, {});
  }
  front.sent += count;
  Sent(end, cost, count == left ? std::move(front.done) : nullptr);
}

void PrimaryOutbox::Sent(uint64_t end, uint64_t cost, MessageDone done) {
  on_the_way_cost_ += cost;
  // Those that nobody asks about are one entry, up to a part or so.
  if (!on_the_way_.empty() && !on_the_way_.back().done &&
      on_the_way_.back().cost < kMaxPartBytes) {
    OnTheWay& last = on_the_way_.back();
    last.end = end;
    last.cost += cost;
    last.done = std::move(done);
    return;
  }
  on_the_way_.push_back({end, cost, std::move(done)});
}

void PrimaryOutbox::OnWritten(uint64_t written_bytes,
                              std::vector<DueCall>* due) {
  while (!on_the_way_.empty() && on_the_way_.front().end <= written_bytes) {
    OnTheWay& front = on_the_way_.front();
    on_the_way_cost_ -= front.cost;
    unsent_ -= front.cost;
    if (front.done) due->push_back({std::move(front.done), absl::OkStatus()});
    on_the_way_.pop_front();
  }
}

void PrimaryOutbox::FailAll(const absl::Status& why,
                            std::vector<DueCall>* due) {
  for (OnTheWay& one : on_the_way_) {
    if (one.done) due->push_back({std::move(one.done), why});
  }
  for (Held& one : held_) {
    if (one.done) due->push_back({std::move(one.done), why});
  }
  on_the_way_.clear();
  held_.clear();
  on_the_way_cost_ = 0;
  unsent_ = 0;
}

}  // namespace cluster
