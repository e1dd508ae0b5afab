// PrimaryMailbox: the primary as a party of the exchange of messages. It sends
// to workers, asks and answers them, and gets what they send to the primary.
//
// Bytes in, bytes out, with descriptors: core/cluster/value makes bytes of
// values and of types. Whoever builds on it, such as the library, gets it by
// Primary::messages() and needs no other class of this folder.
//
// Every function that is handed in is called at most once for each message or
// request, from the loop and never from within Send() and its like. It may send
// and ask. Destroying the primary calls nothing.
//
// Thread safety: the io_context's thread.
//
//   PrimaryMailbox& mailbox = primary.messages();
//   mailbox.Open();
//   mailbox.OnMessage([&](MailboxMessage& message) { ... });
//   absl::StatusOr<bool> go_on =
//       mailbox.Send(3, MessagePayload("reload"), {.fds = {}, .done = {}});
#ifndef CORE_PRIMARY_MESSAGES_PRIMARY_MAILBOX_H_
#define CORE_PRIMARY_MESSAGES_PRIMARY_MAILBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/control/message_assembly.h"
#include "core/control/messages.h"
#include "core/control/stepwise_free.h"
#include "core/control/user_message.h"
#include "core/primary/messages/mailbox_message.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/message_router.h"
#include "core/primary/messages/primary_inbox.h"
#include "core/primary/messages/primary_outbox.h"
#include "core/primary/messages/primary_requests.h"
#include "core/primary/messages/request_table.h"
#include "ipc/shared_bytes.h"

namespace cluster {

class PrimaryMailbox : private PrimaryInbox::Reader {
 public:
  using Received = std::function<void(MailboxMessage& message)>;
  using Replied = PrimaryRequests::Replied;
  using Wants = std::function<bool(uint32_t worker)>;

  // How it acts. Implemented by MessageExchange.
  class Carrier {
   public:
    virtual ~Carrier() = default;
    // Queues a frame for worker `to`, who is there, and writes it soon. Returns
    // the position behind it.
    virtual uint64_t QueueOfPrimary(uint32_t to,
                                    FrameType type,
                                    std::span<const std::byte> head,
                                    const MessagePayload& rest,
                                    std::vector<UniqueFd> fds) = 0;
    // A copy of `fd`. The kernel's error where it gives none.
    virtual absl::StatusOr<UniqueFd> CopyFd(const UniqueFd& fd) = 0;
    // Calls OnTurn() from the loop, soon and once.
    virtual void CallSoon() = 0;
    // Calls OnTime() from the loop at `at_ns` on CLOCK_MONOTONIC, in place of
    // what was set before.
    virtual void WakeAt(int64_t at_ns) = 0;
    virtual int64_t NowNs() = 0;
    virtual void Trouble(const std::string& text) = 0;
  };

  // Both must outlive it.
  PrimaryMailbox(MessageRouter& router, Carrier& carrier)
      : router_(router), carrier_(carrier) {}
  PrimaryMailbox(const PrimaryMailbox&) = delete;
  PrimaryMailbox& operator=(const PrimaryMailbox&) = delete;

  // ---- What the program does with it

  // From now on the primary takes what workers send to it. In a program that
  // never calls this, as the host, messages to the primary are dropped with a
  // line in the log, and requests to it fail.
  void Open() { router_.OpenPrimary(); }

  // Calls `received` for each message that is no reply. Those that came since
  // Open() wait for it: 64 MiB with a MiB for each descriptor; what comes then
  // is dropped, and the log says so once; requests fail. A second call replaces
  // the first. Where there is `wants`, those of a worker wait until it says
  // true, and are dropped if the worker ends before.
  void OnMessage(Received received, Wants wants = {});
  // `wants` may say true by now where it did not.
  void LookAgain() { carrier_.CallSoon(); }

  // Sends to one worker. Returns true to go on; false if who sends should wait
  // for `done`, as 128 KiB or more are unsent: the message goes all the same.
  //   kNotFound           the worker has ended, or there never was one, or
  //                       EndSending() was called
  //   kResourceExhausted  128 MiB are unsent: wait
  //   kInvalidArgument    more than 128 MiB, or than 64 descriptors
  absl::StatusOr<bool> Send(uint32_t worker,
                            const MessagePayload& payload,
                            MessageExtras&& extras = {});

  // Sends to every worker that is there and may be sent to. The bytes are taken
  // once, whatever their number; each worker gets a copy of the descriptors.
  // One that cannot be sent to is a failure for `done`. Where `instead` returns
  // something for a worker, that goes to it in place of `payload`, or is why
  // nothing does.
  //   kInvalidArgument    as Send()
  using Instead =
      absl::FunctionRef<const absl::StatusOr<MessagePayload>*(uint32_t worker)>;
  absl::StatusOr<bool> SendToAll(
      const MessagePayload& payload,
      MessageExtras&& extras = {},
      Instead instead = [](uint32_t) { return nullptr; });

  // Asks a worker. `replied` gets the reply, or within `timeout`
  //   kNotFound           the worker has ended
  //   kDeadlineExceeded   it has not answered (InfiniteDuration() waits)
  // Errors: those of Send(), and kResourceExhausted when kMaxOpenRequests wait;
  // then `replied` is not called.
  absl::Status Request(uint32_t worker,
                       const MessagePayload& payload,
                       absl::Duration timeout,
                       Replied replied,
                       MessageExtras&& extras = {});

  // Answers a request, once. Returns as Send().
  //   kFailedPrecondition  it was answered, or nobody waits any more
  absl::StatusOr<bool> Reply(RequestKey request,
                             const MessagePayload& payload,
                             MessageExtras&& extras = {});

  // Takes nothing more for `worker`; what was taken still goes. Does nothing if
  // there is no such worker.
  void EndSending(uint32_t worker);

  // Calls `then` when the kernel has all that was sent to `worker` so far, and
  // whatever is sent meanwhile: at once if it has, never if the worker ends
  // before.
  void AfterSent(uint32_t worker, std::function<void()> then);

  // Bytes for `worker` that the kernel has not taken, with what descriptors
  // cost; 0 if there is no such worker.
  uint64_t UnsentBytes(uint32_t worker) const;
  // Requests of the primary that wait for a reply.
  size_t open_requests() const { return requests_.size(); }

  // ---- What MessageExchange tells it

  void Add(uint32_t worker);
  // Calls what was pending for it. REQUIRES: the router has removed it.
  void Remove(uint32_t worker);
  void OnWritten(uint32_t worker, uint64_t written_bytes);
  PrimaryInbox& inbox() { return inbox_; }
  // Reads what is in the inbox, see there.
  absl::Status ReadInbox() { return inbox_.Read(*this); }
  void OnTurn();
  void OnTime();

 private:
  struct ToAll;
  struct AfterSentCall {
    uint64_t position = 0;  // as PrimaryOutbox::sent() counts
    std::function<void()> then;
  };

  void OnWhole(ReceivedMessage message) override;
  void OnCut(SharedBytes bytes) override { FreeSoon(std::move(bytes)); }
  void OnRequestFailed(const RequestFailure& failure) override;
  void Deliver(ReceivedMessage message);
  bool Takes(uint32_t worker) const {
    return received_ && (!wants_ || wants_(worker));
  }
  void DeliverKept();
  void DeliverKeptOf(uint32_t worker);

  // Returns the outbox of `worker` if it can take such a message.
  absl::StatusOr<PrimaryOutbox*> OutboxFor(uint32_t worker,
                                           const MessagePayload& payload,
                                           const MessageExtras& extras);
  // REQUIRES: OutboxFor().
  bool SendBy(PrimaryOutbox& outbox,
              uint32_t worker,
              DeliveryHead head,
              const MessagePayload& payload,
              MessageExtras extras);
  // One of SendToAll().
  absl::StatusOr<bool> SendCopy(uint32_t worker,
                                const absl::StatusOr<MessagePayload>& payload,
                                const std::vector<UniqueFd>& fds,
                                MessageDone done);
  uint64_t QueueFor(uint32_t worker,
                    FrameType type,
                    std::span<const std::byte> head,
                    const MessagePayload& rest,
                    std::vector<UniqueFd> fds);
  absl::StatusOr<std::vector<UniqueFd>> CopiesOf(
      const std::vector<UniqueFd>& fds);
  void RunDue();
  // Calls those whose time has come.
  void RunAfterSent();
  // By and by, if they are large.
  void FreeSoon(SharedBytes bytes);
  void FreeSome();

  MessageRouter& router_;
  Carrier& carrier_;
  absl::btree_map<uint32_t, std::unique_ptr<PrimaryOutbox>> outboxes_;
  std::vector<DueCall> due_;
  absl::btree_map<uint32_t, std::deque<AfterSentCall>> after_sent_;

  PrimaryRequests requests_;
  PrimaryInbox inbox_;
  std::shared_ptr<Received> received_;  // shared, as it may replace itself
  Wants wants_;
  uint64_t dropped_ = 0;
  StepwiseFree free_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_PRIMARY_MAILBOX_H_
