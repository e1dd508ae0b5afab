// MessageOutbox: the messages of this worker's plugin on their way to the
// primary: as much as the window allows is sent, the rest is held
// (core/control/user_message.h).
//
// Thread safety: none.
//
//   MessageOutbox outbox(free, [&](auto type, auto head, auto rest, auto fds) {
//     return channel.SendJoined(type, head, rest, std::move(fds));
//   });
//   if (!outbox.Add(head, bytes, std::move(fds))) return CLUSTER_E_FULL;
//   outbox.OnCredit(credit.bytes);
#ifndef CORE_WORKER_MESSAGES_MESSAGE_OUTBOX_H_
#define CORE_WORKER_MESSAGES_MESSAGE_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/stepwise_free.h"
#include "core/control/user_message.h"
#include "core/worker/messages/sent_calls.h"
#include "ipc/shared_bytes.h"

namespace cluster {

class MessageOutbox {
 public:
  using Bytes = std::span<const std::byte>;
  // The payload of a frame in two pieces, both borrowed. Returns the position
  // behind it, as OnWritten() counts.
  using SendFunction = std::function<uint64_t(
      FrameType type, Bytes head, Bytes rest, std::vector<UniqueFd> fds)>;

  // What may be held. One message is taken whatever its size.
  static constexpr uint64_t kMaxHeldBytes = kMaxUserMessageBytes;

  // What is sent is freed by `free`, which must outlive it.
  MessageOutbox(StepwiseFree& free, SendFunction send)
      : free_(free), send_(std::move(send)) {}

  // Sends a message, or holds `bytes` until it can be sent: by `shared`, if
  // that holds them, else a copy. `head` lacks only `total_bytes`. False if too
  // much is held: nothing was done. `done`, if there is one, is called when its
  // last byte is written.
  bool Add(MessageHead head,
           Bytes bytes,
           std::vector<UniqueFd> fds,
           SentCalls::Done done = {},
           SharedBytes shared = {});
  // Says, behind what is held, that nobody waits for a reply any more.
  void AddForget(uint64_t request);

  // The primary gives back so much of the window.
  void OnCredit(uint64_t bytes);

  // The kernel has taken so much. Returns whether calls are due.
  bool OnWritten(uint64_t written_bytes) {
    return sent_.OnWritten(written_bytes);
  }
  // Makes the calls that are due; what they make due is for the next time.
  void RunDue() { sent_.RunDue(); }
  // Nothing more is written: drops what is held, and tells `why` to all who
  // wait, after those whose calls are due.
  void FailRest(const absl::Status& why);

  bool empty() const { return held_.empty(); }
  // Bytes that the window does not let go, with what descriptors cost.
  uint64_t held_bytes() const { return held_bytes_; }

 private:
  struct Held {
    FrameType type = FrameType::kMessage;
    MessageHead head;  // kForget: of which `request` alone counts
    SharedBytes bytes;
    size_t sent = 0;  // of `bytes`
    std::vector<UniqueFd> fds;
    uint64_t cost = 0;
    SentCalls::Done done;
  };

  bool window_is_open() const { return on_the_way_ < kMessageWindowBytes; }
  void Hold(Held held);
  void SendHeld();
  uint64_t Send(FrameType type,
                Bytes head,
                Bytes rest,
                std::vector<UniqueFd> fds);

  StepwiseFree& free_;
  const SendFunction send_;
  uint64_t on_the_way_ = 0;
  std::deque<Held> held_;
  uint64_t held_bytes_ = 0;
  SentCalls sent_;
};

}  // namespace cluster

#endif  // CORE_WORKER_MESSAGES_MESSAGE_OUTBOX_H_
