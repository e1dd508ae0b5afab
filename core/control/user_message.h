// Messages of plugins on a worker's control channel: a head of fixed size, then
// bytes that only plugins understand, so the primary forwards what it has not
// decoded. docs/life_of_a_message.md tells the whole way.
//
// A message travels in parts of at most kMaxPartBytes. So the primary never
// holds a large one, those of several senders mix on the way to one receiver,
// and nothing else waits behind megabytes.
//
// The window bounds what a worker has on the way: each part costs
// MessageCost(), and a worker may send the next one while less than
// kMessageWindowBytes are on the way. The primary gives the cost back (Credit)
// when the receiver's socket has the part, so a receiver that does not read
// holds up who sends to it and costs the primary one window for each of them.
//
// Both sides run the same build, so the layout is that of the structs; each
// still checks what it reads.
//
// Thread safety: plain values.
#ifndef CORE_CONTROL_USER_MESSAGE_H_
#define CORE_CONTROL_USER_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace cluster {

// The primary among the parties, and its slot: no worker has these.
inline constexpr uint32_t kPrimaryId = 0;
inline constexpr uint32_t kPrimarySlot = UINT32_MAX;
inline constexpr uint64_t kMaxUserMessageBytes = uint64_t{128} << 20;
inline constexpr size_t kMaxUserMessageFds = 64;
// Who sends should wait where so much is unsent, as with Node.
inline constexpr uint64_t kSendHighWatermarkBytes = uint64_t{128} << 10;
// A message of 64 KiB is one part, and to copy one takes some 20 us.
inline constexpr size_t kMaxPartBytes = (size_t{128} << 10) - 64;
inline constexpr uint64_t kMessageWindowBytes = uint64_t{1} << 20;
// Requests of one worker that may be unanswered.
inline constexpr size_t kMaxOpenRequests = 16'384;
// A descriptor on the way is dear: the primary holds a copy.
inline constexpr uint64_t kFdCostBytes = uint64_t{16} << 10;

// What a frame with `payload_bytes` (its head included) takes of the window.
constexpr uint64_t MessageCost(size_t payload_bytes, size_t fds) {
  constexpr uint64_t kFrameBytes = 24;
  return kFrameBytes + payload_bytes + fds * kFdCostBytes;
}

// The values are those of CLUSTER_TO_* in the plugin ABI, and one more.
enum class MessageTo : uint32_t {
  kPrimary = 1,
  kWorker = 2,
  kSlot = 3,
  kOthers = 4,
  kAsker = 5,  // a reply
};

// FrameType::kMessage, from a worker: begins a message. It is followed by
// kMessagePart frames without a head until `total_bytes` have come.
struct MessageHead {
  MessageTo to = MessageTo::kPrimary;
  uint32_t number = 0;   // kAsker: the worker that asked
  uint64_t request = 0;  // the asker's number for it; 0: asks nothing
  uint64_t total_bytes = 0;
};

// FrameType::kDelivery, to a worker: likewise. The parts that follow are
// kDeliveryPart.
struct DeliveryHead {
  uint32_t from_worker = 0;
  uint32_t from_slot = 0;
  uint64_t request = 0;  // the asker's number for it; 0: asks nothing
  uint64_t total_bytes = 0;
  uint32_t is_reply = 0;
  // Descriptors of the message that got lost on their way to the primary.
  uint32_t lost_fds = 0;
};

// kDeliveryPart, then bytes; kDeliveryCut: the rest will not come.
struct PartHead {
  uint32_t from_worker = 0;
  uint32_t reserved = 0;
};

// kRequestFailed, to the asker: there will be no reply.
struct RequestFailure {
  uint64_t request = 0;
  int32_t status = 0;  // CLUSTER_E_* of the plugin ABI
  uint32_t reserved = 0;
};

// kForget, from the asker (`asker` is 0), and kForgotten, to who was asked:
// nobody waits for the reply any more.
struct ForgetRequest {
  uint64_t request = 0;
  uint32_t asker = 0;
  uint32_t reserved = 0;
};

// kCredit, to a worker: so much of its window is free again.
struct Credit {
  uint64_t bytes = 0;
};

template <class Head>
std::span<const std::byte> BytesOf(const Head& head) {
  return std::as_bytes(std::span(&head, 1));
}

// Takes a head off the front of `*payload`; nothing if there is not one.
template <class Head>
std::optional<Head> TakeHead(std::span<const std::byte>* payload) {
  if (payload->size() < sizeof(Head)) return std::nullopt;
  Head head;
  std::memcpy(&head, payload->data(), sizeof(head));
  *payload = payload->subspan(sizeof(head));
  return head;
}

static_assert(sizeof(MessageHead) == 24);
static_assert(sizeof(DeliveryHead) == 32);
static_assert(sizeof(PartHead) == 8);
static_assert(sizeof(RequestFailure) == 16);
static_assert(sizeof(ForgetRequest) == 16);
static_assert(sizeof(Credit) == 8);

}  // namespace cluster

#endif  // CORE_CONTROL_USER_MESSAGE_H_
