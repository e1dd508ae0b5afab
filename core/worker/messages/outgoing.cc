#include "core/worker/messages/outgoing.h"

#include <fcntl.h>

#include <cerrno>

namespace cluster {
namespace {

static_assert(kMaxUserMessageBytes == CLUSTER_MAX_MESSAGE_BYTES);
static_assert(kMaxUserMessageFds == CLUSTER_MAX_MESSAGE_FDS);
static_assert(uint32_t{CLUSTER_TO_PRIMARY} == uint32_t(MessageTo::kPrimary));
static_assert(uint32_t{CLUSTER_TO_WORKER} == uint32_t(MessageTo::kWorker));
static_assert(uint32_t{CLUSTER_TO_SLOT} == uint32_t(MessageTo::kSlot));
static_assert(uint32_t{CLUSTER_TO_OTHERS} == uint32_t(MessageTo::kOthers));

// No field of it was added later.
bool IsWhole(const cluster_outgoing* message) {
  return message != nullptr && message->size >= sizeof(cluster_outgoing);
}

}  // namespace

cluster_status ReadContent(const cluster_outgoing* message,
                           Outgoing* outgoing) {
  if (!IsWhole(message)) return CLUSTER_E_INVALID;
  const cluster_string& payload = message->payload;
  if (payload.size > CLUSTER_MAX_MESSAGE_BYTES ||
      (payload.size > 0 && payload.data == nullptr) ||
      message->fd_count > CLUSTER_MAX_MESSAGE_FDS ||
      (message->fd_count > 0 && message->fds == nullptr)) {
    return CLUSTER_E_INVALID;
  }
  outgoing->bytes = std::as_bytes(std::span(payload.data, payload.size));
  for (uint32_t i = 0; i < message->fd_count; ++i) {
    outgoing->fds.emplace_back(fcntl(message->fds[i], F_DUPFD_CLOEXEC, 0));
    if (!outgoing->fds.back()) {
      return errno == EBADF ? CLUSTER_E_INVALID : CLUSTER_E_SYSTEM;
    }
  }
  return CLUSTER_OK;
}

cluster_status ReadTarget(const cluster_outgoing* message,
                          uint32_t slots,
                          Outgoing* outgoing) {
  if (!IsWhole(message)) return CLUSTER_E_INVALID;
  switch (message->to) {
    case CLUSTER_TO_PRIMARY:
    case CLUSTER_TO_OTHERS:
      if (message->number != 0) return CLUSTER_E_INVALID;
      break;
    case CLUSTER_TO_WORKER:
      if (message->number == 0) return CLUSTER_E_INVALID;
      break;
    case CLUSTER_TO_SLOT:
      if (message->number >= slots) return CLUSTER_E_GONE;
      break;
    default:
      return CLUSTER_E_INVALID;
  }
  outgoing->head.to = static_cast<MessageTo>(message->to);
  outgoing->head.number = message->number;
  return CLUSTER_OK;
}

}  // namespace cluster
