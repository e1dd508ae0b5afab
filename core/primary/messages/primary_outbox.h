// PrimaryOutbox: what the primary itself sends to one worker. As much as may be
// on the way goes to the worker's channel, in parts; the rest is held, so that
// a large message delays neither others nor the loop.
//
// It does no I/O. Each message may have a function that is called once: when
// the kernel has its last byte, or when it is known that it will not. Nothing
// is called from within: what is due is appended to a queue.
//
// Thread safety: none.
//
//   if (!outbox.Fits(bytes.size())) return TooMuch();
//   outbox.Add({.head = head, .payload = payload, .fds = fds, .done = done},
//              queue);
//   outbox.OnWritten(written_bytes, &due);
//   outbox.Fill(queue);
#ifndef CORE_PRIMARY_MESSAGES_PRIMARY_OUTBOX_H_
#define CORE_PRIMARY_MESSAGES_PRIMARY_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/mailbox_message.h"
#include "core/primary/messages/message_payload.h"
#include "ipc/shared_bytes.h"

namespace cluster {

class PrimaryOutbox {
 public:
  using Bytes = std::span<const std::byte>;
  // Queues a frame for the worker: returns the position behind it, as
  // UnixChannel::written_bytes() counts.
  using QueueFunction = absl::FunctionRef<uint64_t(FrameType type,
                                                   Bytes head,
                                                   const MessagePayload& rest,
                                                   std::vector<UniqueFd> fds)>;
  struct Message {
    DeliveryHead head;
    const MessagePayload& payload;
    std::vector<UniqueFd> fds;
    MessageDone done;  // may be empty
  };

  // What may be unsent. One message is taken whatever its size.
  static constexpr uint64_t kMaxUnsentBytes = kMaxUserMessageBytes;
  // What is in the channel at once: more than the kernel takes in one call.
  static constexpr uint64_t kMaxOnTheWayBytes = uint64_t{256} << 10;

  // False if too much is held to add a message of `bytes`.
  bool Fits(size_t bytes, size_t fds) const {
    return unsent_ == 0 || unsent_ + CostOf(bytes, fds) <= kMaxUnsentBytes;
  }
  // Sends or holds it. REQUIRES: Fits() && !closed().
  void Add(Message message, QueueFunction queue);
  // No messages are added any more; those that were go all the same.
  void Close() { closed_ = true; }
  bool closed() const { return closed_; }
  // Says, behind what is held, that the primary waits for no reply any more.
  void AddForget(uint64_t request, QueueFunction queue);

  // Sends of what is held as much as may be on the way.
  void Fill(QueueFunction queue);
  // The kernel has taken so much of the worker's channel.
  void OnWritten(uint64_t written_bytes, std::vector<DueCall>* due);
  // The worker has ended: all that is unsent fails with `why`.
  void FailAll(const absl::Status& why, std::vector<DueCall>* due);

  // Bytes that the kernel has not taken, with what descriptors cost.
  uint64_t unsent() const { return unsent_; }
  // The end of what was added so far, likewise, counted from the beginning; and
  // how far the kernel has taken it.
  uint64_t added() const { return added_; }
  uint64_t sent() const { return added_ - unsent_; }
  bool holds_messages() const { return !held_.empty(); }

 private:
  struct Held {
    FrameType type = FrameType::kDelivery;
    DeliveryHead head;  // kForgotten: of which `request` alone counts
    SharedBytes bytes;
    std::vector<UniqueFd> fds;
    MessageDone done;
    size_t sent = 0;  // of `bytes`
  };
  // A frame in the channel, or several in a row of which none has `done`.
  struct OnTheWay {
    uint64_t end = 0;
    uint64_t cost = 0;
    MessageDone done;
  };

  static uint64_t CostOf(size_t bytes, size_t fds) {
    return MessageCost(sizeof(DeliveryHead) + bytes, fds);
  }
  bool may_send() const { return on_the_way_cost_ < kMaxOnTheWayBytes; }
  void Count(uint64_t cost);
  void Sent(uint64_t end, uint64_t cost, MessageDone done);
  void SendPart(Held& front, QueueFunction queue);

  std::deque<Held> held_;
  std::deque<OnTheWay> on_the_way_;
  uint64_t on_the_way_cost_ = 0;
  uint64_t unsent_ = 0;
  uint64_t added_ = 0;
  bool closed_ = false;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_PRIMARY_OUTBOX_H_
