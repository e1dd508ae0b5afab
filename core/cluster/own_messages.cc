#include "core/cluster/own_messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "core/control/user_message.h"
#include "core/worker/messages/messenger.h"
#include "ipc/shared_bytes.h"
#include "plugins/sdk/host.h"

namespace cluster {
namespace {

constexpr int64_t kMaxTimeoutMs = int64_t{1} << 31;

absl::Status Closed() {
  return absl::NotFoundError("the channel to the primary is closed");
}

// None of a message that only borrows its bytes.
SharedBytes OwnedBytes(const Message& message) {
  return message.is_borrowed() ? SharedBytes() : message.Share();
}

absl::Status OfCode(cluster_status code) {
  switch (code) {
    case CLUSTER_OK:
      return absl::OkStatus();
    case CLUSTER_E_GONE:
      return absl::NotFoundError("the other side has ended, or there is none");
    case CLUSTER_E_TIMEOUT:
      return absl::DeadlineExceededError("no reply came in time");
    case CLUSTER_E_FULL:
      return absl::ResourceExhaustedError("too much waits to be read");
    case CLUSTER_E_UNSUPPORTED:
      return absl::UnimplementedError("the primary answers no requests");
    case CLUSTER_E_STATE:
      return absl::FailedPreconditionError(
          "it was answered, or nobody waits for the reply any more");
    case CLUSTER_E_INVALID:
      return absl::InvalidArgumentError("a descriptor that is not open");
    default:
      return absl::ResourceExhaustedError("no descriptor is left for a copy");
  }
}

// Takes the first descriptor; the others are closed by who gave them.
Handle FirstOf(const cluster_message& message) {
  if (message.fd_count == 0) return Handle();
  return Handle::Arrived(UniqueFd(std::exchange(message.fds[0], -1)));
}

std::span<const std::byte> BytesOf(const cluster_message& message) {
  return std::as_bytes(std::span(message.payload.data, message.payload.size));
}

uint64_t ToTimeoutMs(absl::Duration deadline) {
  return static_cast<uint64_t>(std::clamp(
      absl::ToInt64Milliseconds(deadline), int64_t{1}, kMaxTimeoutMs));
}

}  // namespace

OwnMessages::OwnMessages(Runtime& runtime,
                         const sdk::Services& services,
                         OwnEvents& events)
    : runtime_(runtime), services_(services), events_(events) {
  events_.of(events::message).WhenAdded([this] {
    Messenger* const messenger = runtime_.messenger();
    if (messenger == nullptr) return;
    messenger->OnMessage(&OwnMessages::OnReceived, this);
  });
}

// ---- What comes

SharedBytes OwnMessages::Large() {
  Messenger* const messenger = runtime_.messenger();
  return messenger != nullptr ? messenger->large() : SharedBytes();
}

void OwnMessages::OnReceived(void* self, const cluster_message* message) {
  auto& messages = *static_cast<OwnMessages*>(self);
  const Message came(
      BytesOf(*message),
      message->from_worker,
      Request{.asker = message->from_worker, .number = message->request},
      messages.Large());
  Handle handle = FirstOf(*message);
  messages.events_.of(events::message).Emit(came, handle);
}

void OwnMessages::OnReplied(void* asked,
                            cluster_status status,
                            const cluster_message* reply) {
  auto& waiting = *static_cast<Asked*>(asked);
  OwnMessages& self = *waiting.owner;
  const ReplyCallback replied = std::move(waiting.replied);
  self.asked_.erase(waiting.self);
  if (status != CLUSTER_OK) return self.Tell(replied, OfCode(status));
  cluster::Reply came = {
      .status = absl::OkStatus(),
      .message =
          Message(BytesOf(*reply), reply->from_worker, Request(), self.Large()),
      .handle = FirstOf(*reply)};
  replied(came);
}

// ---- What is sent

absl::StatusOr<bool> OwnMessages::SendBy(sdk::To to,
                                         const Message& message,
                                         HandleArgument handle,
                                         const SendOptions& options,
                                         SendFunction send) {
  if (runtime_.messenger() == nullptr) return Closed();
  RETURN_IF_ERROR(message.status());
  SharedBytes shared = OwnedBytes(message);
  std::span<const std::byte> bytes = message.bytes();
  if (message.is_value() && runtime_.json_values()) {
    ASSIGN_OR_RETURN(shared, message.Json());
    bytes = shared.span();
  }
  if (bytes.size() > CLUSTER_MAX_MESSAGE_BYTES) {
    return absl::InvalidArgumentError(absl::StrCat("a message of ",
                                                   bytes.size(),
                                                   " bytes, and at most ",
                                                   CLUSTER_MAX_MESSAGE_BYTES,
                                                   " are allowed"));
  }
  UniqueFd fd;
  RETURN_IF_ERROR(handle.Take(/*keep_open=*/false, &fd));
  const int32_t number = fd.get();
  // The messenger makes a copy of its own.
  const cluster_status code = send(
      {.size = sizeof(cluster_outgoing),
       .to = to.kind,
       .number = to.number,
       .fd_count = fd ? 1u : 0u,
       .payload = {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
       .fds = &number},
      std::move(shared));
  if (code != CLUSTER_OK || options.keep_open) {
    handle.GiveBack(/*keep_open=*/false, std::move(fd));
  }
  RETURN_IF_ERROR(OfCode(code));
  return runtime_.UnsentBytes() < kSendHighWatermarkBytes;
}

bool OwnMessages::Told(const absl::StatusOr<bool>& went,
                       const SendCallback& sent) {
  if (went.ok()) return *went;
  Post([this, sent, why = went.status()] {
    if (sent) return sent(why);
    if (events_.of(events::error).Emit(why)) return;
    // It is told by `false`, and is no reason to end.
    std::fprintf(
        stderr, "cluster: not sent: %s\n", std::string(why.message()).c_str());
  });
  return false;
}

bool OwnMessages::Send(sdk::To to,
                       const Message& message,
                       HandleArgument handle,
                       const SendOptions& options,
                       SendCallback sent) {
  return Told(SendBy(to,
                     message,
                     handle,
                     options,
                     [&](const cluster_outgoing& outgoing, SharedBytes shared) {
                       return runtime_.messenger()->Send(
                           outgoing, sent, std::move(shared));
                     }),
              sent);
}

bool OwnMessages::Reply(const Request& request,
                        const Message& message,
                        HandleArgument handle,
                        const SendOptions& options,
                        SendCallback sent) {
  const auto went =
      SendBy(sdk::To(),
             message,
             handle,
             options,
             [&](const cluster_outgoing& outgoing, SharedBytes shared) {
               return runtime_.messenger()->Reply(
                   request.number, outgoing, sent, std::move(shared));
             });
  // That nobody waits any more is no error of who answers.
  return Told(went, sent ? std::move(sent) : [](const absl::Status&) {});
}

void OwnMessages::Ask(sdk::To to,
                      const Message& message,
                      absl::Duration deadline,
                      ReplyCallback replied,
                      HandleArgument handle,
                      const SendOptions& options) {
  const auto asked = asked_.emplace(asked_.end(), Asked{this, replied, {}});
  asked->self = asked;
  const auto went =
      SendBy(to,
             message,
             handle,
             options,
             [&](const cluster_outgoing& outgoing, SharedBytes shared) {
               return runtime_.messenger()->Request(outgoing,
                                                    ToTimeoutMs(deadline),
                                                    &OwnMessages::OnReplied,
                                                    &*asked,
                                                    std::move(shared));
             });
  if (went.ok()) return;
  asked_.erase(asked);
  Post([this, replied = std::move(replied), why = went.status()] {
    Tell(replied, why);
  });
}

void OwnMessages::Tell(const ReplyCallback& replied, absl::Status why) {
  cluster::Reply none = NoReply(std::move(why));
  replied(none);
}

// ---- Turns and the end

void OwnMessages::Post(std::function<void()> run) {
  if (!has_turns_) return run();
  later_.push_back(std::move(run));
  if (runtime_.messenger() == nullptr) return;  // EndTurns() follows
  (void)sdk::Host(services_).Post([this] { RunLater(); });
}

void OwnMessages::RunLater() {
  for (const auto& run : std::exchange(later_, {})) run();
}

void OwnMessages::FailAsked() {
  for (const Asked& asked : std::exchange(asked_, {})) {
    Tell(asked.replied, Closed());
  }
}

void OwnMessages::EndTurns() {
  has_turns_ = false;
  RunLater();
}

}  // namespace cluster
