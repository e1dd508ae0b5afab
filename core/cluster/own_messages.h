// OwnMessages: the messages of a worker's own side: what is sent, in the
// library's words, to the runtime's Messenger, and what comes from there.
//
// Thread safety: the loop's thread.
//
//   OwnMessages messages(runtime, events);
//   return messages.Send({CLUSTER_TO_PRIMARY, 0}, message, ...);
#ifndef CORE_CLUSTER_OWN_MESSAGES_H_
#define CORE_CLUSTER_OWN_MESSAGES_H_

#include <cstdint>
#include <functional>
#include <list>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "core/cluster/message.h"
#include "core/cluster/send_options.h"
#include "core/worker/runtime.h"
#include "ipc/shared_bytes.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/messages.h"
#include "plugins/sdk/services.h"

namespace cluster {

class OwnMessages {
 public:
  // All must outlive it. From the first listener of `message` on, that is told.
  OwnMessages(Runtime& runtime,
              const sdk::Services& services,
              OwnEvents& events);
  OwnMessages(const OwnMessages&) = delete;
  OwnMessages& operator=(const OwnMessages&) = delete;

  // See core/cluster/this_worker.h.
  bool Send(sdk::To to,
            const Message& message,
            HandleArgument handle,
            const SendOptions& options,
            SendCallback sent);
  void Ask(sdk::To to,
           const Message& message,
           absl::Duration deadline,
           ReplyCallback replied,
           HandleArgument handle,
           const SendOptions& options);
  bool Reply(const Request& request,
             const Message& message,
             HandleArgument handle,
             const SendOptions& options,
             SendCallback sent);

  // No reply comes any more: who waits for one is told.
  void FailAsked();
  // The loop has ended: makes the calls that were for a later turn, and those
  // that follow at once.
  void EndTurns();

 private:
  // A request that has no reply yet.
  struct Asked {
    OwnMessages* owner;
    ReplyCallback replied;
    std::list<Asked>::iterator self;
  };
  // `shared` holds the bytes of `outgoing`, unless those are borrowed.
  using SendFunction = absl::FunctionRef<cluster_status(
      const cluster_outgoing& outgoing, SharedBytes shared)>;

  static void OnReceived(void* self, const cluster_message* message);
  static void OnReplied(void* asked,
                        cluster_status status,
                        const cluster_message* reply);

  // What holds the bytes of the message that is told, if that is large.
  SharedBytes Large();
  // Sends by `send`, whose other arguments are known.
  absl::StatusOr<bool> SendBy(sdk::To to,
                              const Message& message,
                              HandleArgument handle,
                              const SendOptions& options,
                              SendFunction send);
  // Tells `sent`, or as an event, why not, if it has failed.
  bool Told(const absl::StatusOr<bool>& went, const SendCallback& sent);
  void Tell(const ReplyCallback& replied, absl::Status why);
  // Calls `run` in a later turn.
  void Post(std::function<void()> run);
  void RunLater();

  Runtime& runtime_;
  const sdk::Services& services_;
  OwnEvents& events_;
  std::list<Asked> asked_;
  std::vector<std::function<void()>> later_;
  bool has_turns_ = true;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_OWN_MESSAGES_H_
