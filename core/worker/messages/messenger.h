// Messenger: a worker's side of cluster.message/1 (plugins/abi): sends what the
// plugin says, matches replies with requests, and gives the plugin what came.
//
// Thread safety: the loop's thread, apart from what says so. Lifetime: `loop`
// must outlive it.
//
//   messenger.Send(outgoing);
//   if (Messenger::Takes(frame)) status = messenger.OnFrame(std::move(frame));
#ifndef CORE_WORKER_MESSAGES_MESSENGER_H_
#define CORE_WORKER_MESSAGES_MESSENGER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/control/message_assembly.h"
#include "core/control/stepwise_free.h"
#include "core/control/user_message.h"
#include "core/worker/loop.h"
#include "core/worker/messages/message_outbox.h"
#include "core/worker/messages/outgoing_message.h"
#include "core/worker/messages/sent_calls.h"
#include "ipc/frame.h"
#include "ipc/shared_bytes.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class Messenger {
 public:
  using Received = void (*)(void* ctx, const cluster_message* message);
  using Replied = void (*)(void* ctx,
                           cluster_status status,
                           const cluster_message* reply);
  using WarnFunction = std::function<void(std::string text)>;

  // What waits for a plugin that has not asked for messages.
  static constexpr uint64_t kMaxWaitingBytes = uint64_t{64} << 20;

  // `send` queues a frame for the primary, `warn` a line for the log.
  Messenger(Loop& loop, MessageOutbox::SendFunction send, WarnFunction warn);
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;
  ~Messenger() { Close(); }

  void SetSlots(uint32_t slots) { slots_ = slots; }

  static bool Takes(const Frame& frame);
  // REQUIRES: Takes(frame). Errors: the primary makes no sense.
  absl::Status OnFrame(Frame frame);

  // No callback follows. What was sent before still goes, by OnFrame() with the
  // frames of type kCredit.
  void Close();
  // True if the primary has yet to make room for something.
  bool holds_messages() const { return !outbox_.empty(); }
  uint64_t held_bytes() const { return outbox_.held_bytes(); }
  // The kernel has taken so much of the channel. May be told at any time:
  // nobody is called from within.
  void OnWritten(uint64_t written_bytes);
  // Nothing more will be written: calls each `done` that is left.
  void EndSent();

  // While a message of more than 8 MiB is given to the plugin: what holds its
  // bytes, so that who keeps it, or sends it on, copies nothing. Else empty.
  const SharedBytes& large() const { return large_; }

  // The functions of cluster_message_v1, which says what they return. REQUIRES:
  // before Close(), with arguments that make sense.
  void OnMessage(Received received, void* ctx);
  // `done`, which plugins do not have, is called once if the message was taken:
  // from the loop, with OK when the kernel has all of it. `shared`, likewise,
  // holds the payload: what has to wait need not be copied.
  using Done = SentCalls::Done;
  cluster_status Send(const cluster_outgoing& message,
                      Done done = {},
                      SharedBytes shared = {});
  cluster_status Request(const cluster_outgoing& message,
                         uint64_t timeout_ms,
                         Replied replied,
                         void* ctx,
                         SharedBytes shared = {});
  cluster_status Reply(uint64_t request,
                       const cluster_outgoing& message,
                       Done done = {},
                       SharedBytes shared = {});

 private:
  // A request of this worker's.
  struct Waiting {
    Messenger* messenger;
    uint64_t request;
    Replied replied;
    void* ctx;
    Loop::Timer* timer;
  };
  // A request to this worker: the asker and its number for it.
  using Asked = std::pair<uint32_t, uint64_t>;

  static void OnTimeout(void* waiting);
  static void OnDue(void* messenger);
  static void OnSentDue(void* messenger);
  static void OnFreeDue(void* messenger);

  void Take(ReceivedMessage message);
  void TakeReply(ReceivedMessage message);
  // `number` is what the plugin knows a request by, else 0.
  void KeepForLater(uint64_t number, ReceivedMessage message);
  void DeliverKept();
  void Deliver(uint64_t number, ReceivedMessage message);
  // Calls `call` with `message` as the plugin sees it.
  void Show(uint64_t number,
            ReceivedMessage message,
            absl::FunctionRef<void(const cluster_message* message)> call);
  // Frees them by and by, if they are large.
  void FreeSoon(SharedBytes bytes);
  void WarnOfLost(const ReceivedMessage& message);
  void ForgetAsked(uint64_t number);
  absl::Status OnForgotten(std::span<const std::byte> payload);
  absl::Status OnRequestFailed(std::span<const std::byte> payload);
  // Returns it without its timer; null if nobody waits for it.
  std::unique_ptr<Waiting> TakeWaiting(uint64_t request);

  Loop& loop_;
  StepwiseFree free_;
  MessageOutbox outbox_;
  const WarnFunction warn_;
  uint32_t slots_ = 0;
  bool closed_ = false;
  MessageAssembly assembly_;

  Received received_ = nullptr;
  void* received_ctx_ = nullptr;
  std::deque<std::pair<uint64_t, ReceivedMessage>> kept_;  // with its number
  uint64_t kept_bytes_ = 0;
  uint64_t kept_dropped_ = 0;
  bool lost_fds_ = false;            // and that was said
  Loop::Timer* due_ = nullptr;       // what was kept can be delivered
  Loop::Timer* sent_due_ = nullptr;  // likewise, of `done`
  Loop::Timer* free_due_ = nullptr;  // and of free_
  SharedBytes large_;

  uint64_t next_request_ = 1;
  absl::btree_map<uint64_t, std::unique_ptr<Waiting>> waiting_;
  // What the plugin was asked, by the number that it knows, and the reverse.
  uint64_t next_asked_ = 1;
  absl::btree_map<uint64_t, Asked> asked_;
  absl::btree_map<Asked, uint64_t> asked_numbers_;
};

}  // namespace cluster

#endif  // CORE_WORKER_MESSAGES_MESSENGER_H_
