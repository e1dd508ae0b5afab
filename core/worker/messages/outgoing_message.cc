#include "core/worker/messages/outgoing_message.h"

#include <fcntl.h>

#include <cerrno>

#include "plugins/host/struct_size.h"

namespace cluster {
namespace {

static_assert(kMaxUserMessageBytes == CLUSTER_MAX_MESSAGE_BYTES);
static_assert(kMaxUserMessageFds == CLUSTER_MAX_MESSAGE_FDS);
static_assert(uint32_t{CLUSTER_TO_PRIMARY} == uint32_t(MessageTo::kPrimary));
static_assert(uint32_t{CLUSTER_TO_WORKER} == uint32_t(MessageTo::kWorker));
static_assert(uint32_t{CLUSTER_TO_SLOT} == uint32_t(MessageTo::kSlot));
static_assert(uint32_t{CLUSTER_TO_OTHERS} == uint32_t(MessageTo::kOthers));

// No field of it was added later.
static_assert(sizeof(cluster_outgoing) == kFirstOutgoingBytes);

}  // namespace

absl::string_view FaultOfContent(const cluster_outgoing* message) {
  if (message == nullptr) return "message is NULL";
  if (!CanBeSize(message->size, kFirstOutgoingBytes)) {
    return "message->size is wrong";
  }
  const cluster_string& payload = message->payload;
  if (payload.size > CLUSTER_MAX_MESSAGE_BYTES) {
    return "payload.size is over CLUSTER_MAX_MESSAGE_BYTES";
  }
  if (payload.size > 0 && payload.data == nullptr) {
    return "payload.data is NULL";
  }
  if (message->fd_count > CLUSTER_MAX_MESSAGE_FDS) {
    return "fd_count is over CLUSTER_MAX_MESSAGE_FDS";
  }
  if (message->fd_count > 0 && message->fds == nullptr) return "fds is NULL";
  return "";
}

absl::string_view FaultOfTarget(const cluster_outgoing& message) {
  switch (message.to) {
    case CLUSTER_TO_PRIMARY:
    case CLUSTER_TO_OTHERS:
      return message.number == 0 ? "" : "number is not 0";
    case CLUSTER_TO_WORKER:
      return message.number != 0 ? "" : "number is 0, which no worker has";
    case CLUSTER_TO_SLOT:
      return "";
    default:
      return "to is not one of CLUSTER_TO_*";
  }
}

cluster_status ReadContent(const cluster_outgoing& message,
                           OutgoingMessage* outgoing) {
  const cluster_string& payload = message.payload;
  outgoing->bytes = std::as_bytes(std::span(payload.data, payload.size));
  for (uint32_t i = 0; i < message.fd_count; ++i) {
    outgoing->fds.emplace_back(fcntl(message.fds[i], F_DUPFD_CLOEXEC, 0));
    if (!outgoing->fds.back()) {
      return errno == EBADF ? CLUSTER_E_INVALID : CLUSTER_E_SYSTEM;
    }
  }
  return CLUSTER_OK;
}

cluster_status ReadTarget(const cluster_outgoing& message,
                          uint32_t slots,
                          OutgoingMessage* outgoing) {
  if (message.to == CLUSTER_TO_SLOT && message.number >= slots) {
    return CLUSTER_E_GONE;
  }
  outgoing->head.to = static_cast<MessageTo>(message.to);
  outgoing->head.number = message.number;
  return CLUSTER_OK;
}

}  // namespace cluster
