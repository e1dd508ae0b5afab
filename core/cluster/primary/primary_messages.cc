#include "core/cluster/primary/primary_messages.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/status_macros.h"
#include "core/control/messages.h"
#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

// Whoever has to keep them shares them.
absl::StatusOr<MessagePayload> PayloadOf(const Message& message, bool as_json) {
  RETURN_IF_ERROR(message.status());
  if (as_json && message.is_value()) {
    ASSIGN_OR_RETURN(SharedBytes json, message.Json());
    return MessagePayload(std::move(json));
  }
  if (message.is_borrowed()) return MessagePayload(message.bytes());
  return MessagePayload(message.Share());
}

Handle FirstOf(std::vector<UniqueFd>& fds) {
  return fds.empty() ? Handle() : Handle::Arrived(std::move(fds.front()));
}

Request RequestOf(const RequestKey& key) {
  return {.asker = key.asker, .number = key.request};
}

}  // namespace

PrimaryMessages::PrimaryMessages(PrimaryMailbox& mailbox, MessageOwner& owner)
    : mailbox_(mailbox), owner_(owner) {
  mailbox_.OnMessage(
      [this](MailboxMessage& came) {
        const Message message(
            came.bytes, came.worker, RequestOf(came.request), came.large);
        Handle handle = FirstOf(came.fds);
        owner_.OnMessage(came.worker, message, handle);
      },
      [this](uint32_t worker) { return owner_.Hears(worker); });
}

template <typename... Args>
std::function<void(Args...)> PrimaryMessages::Guarded(
    std::function<void(Args...)> call) {
  if (!call) return call;
  return [this, call = std::move(call)](Args... args) {
    try {
      call(args...);
    } catch (...) {
      owner_.ThrowLater(std::current_exception());
    }
  };
}

void PrimaryMessages::Open() {
  mailbox_.Open();
  mailbox_.LookAgain();
}

template <class Send>
absl::StatusOr<bool> PrimaryMessages::SendBy(Send send,
                                             bool as_json,
                                             const Message& message,
                                             HandleArgument handle,
                                             const SendOptions& options,
                                             SendCallback sent) {
  ASSIGN_OR_RETURN(const MessagePayload payload, PayloadOf(message, as_json));
  UniqueFd fd;
  RETURN_IF_ERROR(handle.Take(options.keep_open, &fd));
  MessageExtras extras = {.fds = {}, .done = Guarded(std::move(sent))};
  if (fd) extras.fds.push_back(std::move(fd));
  absl::StatusOr<bool> went = send(payload, extras);
  if (!went.ok() && !extras.fds.empty()) {
    handle.GiveBack(options.keep_open, std::move(extras.fds.front()));
  }
  return went;
}

bool PrimaryMessages::Told(const absl::StatusOr<bool>& went,
                           SendCallback sent) {
  if (went.ok()) return *went;
  if (sent) {
    owner_.Post([sent = std::move(sent), why = went.status()] { sent(why); });
  }
  return false;
}

bool PrimaryMessages::Send(uint32_t worker,
                           const Message& message,
                           HandleArgument handle,
                           const SendOptions& options,
                           SendCallback sent) {
  const auto send = [&](const MessagePayload& payload, MessageExtras& extras) {
    return mailbox_.Send(worker, payload, std::move(extras));
  };
  const bool tells = static_cast<bool>(sent);
  const absl::StatusOr<bool> went =
      SendBy(send, owner_.GetsJson(worker), message, handle, options, sent);
  if (went.ok() || tells) return Told(went, std::move(sent));
  owner_.Post(
      [this, worker, why = went.status()] { owner_.OnNotSent(worker, why); });
  return false;
}

bool PrimaryMessages::SendToAll(const Message& message,
                                HandleArgument handle,
                                const SendOptions& options,
                                SendCallback sent) {
  // Made when it is needed, once.
  std::optional<absl::StatusOr<MessagePayload>> json;
  const auto instead =
      [&](uint32_t worker) -> const absl::StatusOr<MessagePayload>* {
    if (!message.is_value() || !owner_.GetsJson(worker)) return nullptr;
    if (!json.has_value()) json = PayloadOf(message, /*as_json=*/true);
    return &*json;
  };
  const auto send = [&](const MessagePayload& payload, MessageExtras& extras) {
    return mailbox_.SendToAll(payload, std::move(extras), instead);
  };
  return Told(SendBy(send, /*as_json=*/false, message, handle, options, sent),
              sent);
}

bool PrimaryMessages::Reply(const Request& request,
                            const Message& message,
                            HandleArgument handle,
                            const SendOptions& options,
                            SendCallback sent) {
  const RequestKey key = {.asker = request.asker, .request = request.number};
  const auto send = [&](const MessagePayload& payload, MessageExtras& extras) {
    return mailbox_.Reply(key, payload, std::move(extras));
  };
  const bool as_json = owner_.GetsJson(request.asker);
  return Told(SendBy(send, as_json, message, handle, options, sent), sent);
}

void PrimaryMessages::Ask(uint32_t worker,
                          const Message& message,
                          absl::Duration deadline,
                          ReplyCallback replied,
                          HandleArgument handle,
                          const SendOptions& options) {
  const auto on_reply = [replied = Guarded(std::move(replied))](
                            absl::StatusOr<MailboxMessage> came) {
    if (!came.ok()) {
      cluster::Reply none = NoReply(came.status());
      return replied(none);
    }
    cluster::Reply reply = {
        .status = absl::OkStatus(),
        .message = Message(came->bytes, came->worker, Request(), came->large),
        .handle = FirstOf(came->fds)};
    replied(reply);
  };
  const auto send = [&](const MessagePayload& payload, MessageExtras& extras) {
    const absl::Status status = mailbox_.Request(
        worker, payload, deadline, on_reply, std::move(extras));
    return status.ok() ? absl::StatusOr<bool>(true) : status;
  };
  const absl::StatusOr<bool> went =
      SendBy(send, owner_.GetsJson(worker), message, handle, options, {});
  if (went.ok()) return;
  owner_.Post([on_reply, why = went.status()] { on_reply(why); });
}

}  // namespace cluster
