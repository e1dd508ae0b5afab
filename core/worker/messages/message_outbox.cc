#include "core/worker/messages/message_outbox.h"

#include <algorithm>

namespace cluster {

bool MessageOutbox::Add(MessageHead head,
                        Bytes bytes,
                        std::vector<UniqueFd> fds,
                        SentCalls::Done done,
                        SharedBytes shared) {
  head.total_bytes = bytes.size();
  if (held_.empty() && window_is_open() && bytes.size() <= kMaxPartBytes) {
    const uint64_t end =
        Send(FrameType::kMessage, BytesOf(head), bytes, std::move(fds));
    sent_.Add(end, std::move(done));
    return true;
  }
  const uint64_t cost = MessageCost(sizeof(head) + bytes.size(), fds.size());
  if (!held_.empty() && held_bytes_ + cost > kMaxHeldBytes) return false;
  Hold({.type = FrameType::kMessage,
        .head = head,
        .bytes =
            shared.size() > 0 ? std::move(shared) : SharedBytes::Copy(bytes),
        .sent = 0,
        .fds = std::move(fds),
        .cost = cost,
        .done = std::move(done)});
  return true;
}

void MessageOutbox::AddForget(uint64_t request) {
  Hold({.type = FrameType::kForget,
        .head = {.request = request},
        .bytes = {},
        .sent = 0,
        .fds = {},
        .cost = MessageCost(sizeof(ForgetRequest), 0),
        .done = {}});
}

void MessageOutbox::OnCredit(uint64_t bytes) {
  on_the_way_ -= std::min(bytes, on_the_way_);
  SendHeld();
}

void MessageOutbox::Hold(Held held) {
  held_bytes_ += held.cost;
  held_.push_back(std::move(held));
  SendHeld();
}

void MessageOutbox::SendHeld() {
  while (!held_.empty() && window_is_open()) {
    Held& front = held_.front();
    uint64_t end = 0;
    if (front.type == FrameType::kForget) {
      const ForgetRequest forget = {.request = front.head.request};
      Send(FrameType::kForget, BytesOf(forget), {}, {});
    } else {
      const Bytes left = front.bytes.span().subspan(front.sent);
      const Bytes part = left.first(std::min(left.size(), kMaxPartBytes));
      if (front.sent == 0) {
        end = Send(FrameType::kMessage,
                   BytesOf(front.head),
                   part,
                   std::move(front.fds));
      } else {
        end = Send(FrameType::kMessagePart, {}, part, {});
      }
      front.sent += part.size();
      if (front.sent < front.bytes.size()) continue;
    }
    sent_.Add(end, std::move(front.done));
    held_bytes_ -= front.cost;
    free_.Add(std::move(front.bytes));
    held_.pop_front();
  }
}

void MessageOutbox::FailRest(const absl::Status& why) {
  sent_.RunDue();
  sent_.FailRest(why);
  held_bytes_ = 0;
  for (const Held& each : std::exchange(held_, {})) {
    if (each.done) each.done(why);
  }
}

uint64_t MessageOutbox::Send(FrameType type,
                             Bytes head,
                             Bytes rest,
                             std::vector<UniqueFd> fds) {
  on_the_way_ += MessageCost(head.size() + rest.size(), fds.size());
  return send_(type, head, rest, std::move(fds));
}

}  // namespace cluster
