// PrimaryMessages: the messages of a Cluster in the primary: what is sent, in
// the library's words, to core/primary/messages, and what comes from there.
//
// Thread safety: the io_context's thread.
//
//   PrimaryMessages messages(primary.messages(), *this);
//   return messages.Send(worker, message, handle, {}, {});
#ifndef CORE_CLUSTER_PRIMARY_PRIMARY_MESSAGES_H_
#define CORE_CLUSTER_PRIMARY_PRIMARY_MESSAGES_H_

#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/cluster/handle.h"
#include "core/cluster/message.h"
#include "core/cluster/send_options.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/primary_mailbox.h"

namespace cluster {

// Who is told of what comes, in a turn of the loop.
class MessageOwner {
 public:
  virtual ~MessageOwner() = default;
  virtual void OnMessage(uint32_t worker,
                         const Message& message,
                         Handle& handle) = 0;
  // Whether somebody listens for messages of `worker`, or has before.
  virtual bool Hears(uint32_t worker) = 0;
  // Whether values go to `worker` as JSON text.
  virtual bool GetsJson(uint32_t worker) = 0;
  // What was to be sent to `worker` without a `sent` was not taken; told in a
  // later turn.
  virtual void OnNotSent(uint32_t worker, const absl::Status& why) = 0;
  // Calls `run` in a later turn, unless all has ended by then.
  virtual void Post(std::function<void()> run) = 0;
  // Throws it in a later turn, likewise: it comes out of the loop, but not
  // through whoever called what has thrown it.
  virtual void ThrowLater(std::exception_ptr thrown) = 0;
};

class PrimaryMessages {
 public:
  // Both must outlive it.
  PrimaryMessages(PrimaryMailbox& mailbox, MessageOwner& owner);
  PrimaryMessages(const PrimaryMessages&) = delete;
  PrimaryMessages& operator=(const PrimaryMessages&) = delete;

  // See core/cluster/worker.h, core/cluster.h.
  bool Send(uint32_t worker,
            const Message& message,
            HandleArgument handle,
            const SendOptions& options,
            SendCallback sent);
  bool SendToAll(const Message& message,
                 HandleArgument handle,
                 const SendOptions& options,
                 SendCallback sent);
  bool Reply(const Request& request,
             const Message& message,
             HandleArgument handle,
             const SendOptions& options,
             SendCallback sent);
  void Ask(uint32_t worker,
           const Message& message,
           absl::Duration deadline,
           ReplyCallback replied,
           HandleArgument handle,
           const SendOptions& options);

  // From now on messages are kept until they are heard; before, they are
  // dropped. Again: a worker is heard that was not.
  void Open();

 private:
  // Sends by `send(payload, extras)`, which says as PrimaryMailbox::Send(), in
  // the encoding that `as_json` says.
  template <class Send>
  absl::StatusOr<bool> SendBy(Send send,
                              bool as_json,
                              const Message& message,
                              HandleArgument handle,
                              const SendOptions& options,
                              SendCallback sent);
  // Tells `sent` why not, if it has failed.
  bool Told(const absl::StatusOr<bool>& went, SendCallback sent);

  // `call`, if there is one, such that it throws later.
  template <typename... Args>
  std::function<void(Args...)> Guarded(std::function<void(Args...)> call);

  PrimaryMailbox& mailbox_;
  MessageOwner& owner_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_PRIMARY_PRIMARY_MESSAGES_H_
