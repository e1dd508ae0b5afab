#include "core/worker/services/message_service.h"

#include "absl/strings/string_view.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"
#include "core/worker/messages/messenger.h"
#include "core/worker/messages/outgoing_message.h"

namespace cluster {
namespace {

constexpr CallRule kOnMessage = {
    CLUSTER_SERVICE_MESSAGE_V1, "on_message", kLoopThread, kCreatedToStarted};
constexpr CallRule Rule(absl::string_view function) {
  return {
      CLUSTER_SERVICE_MESSAGE_V1, function, kLoopThread, kCreatedToDraining};
}
constexpr CallRule kSend = Rule("send");
constexpr CallRule kRequest = Rule("request");
constexpr CallRule kReply = Rule("reply");

constexpr uint64_t kMaxTimeoutMs = uint64_t{1} << 31;

cluster_status OnMessage(const cluster_host* host,
                         void (*received)(void*, const cluster_message*),
                         void* ctx) {
  if (const auto no = Contract::Check(host, kOnMessage)) return no;
  if (received == nullptr) {
    return Contract::Refuse(kOnMessage, "received is NULL");
  }
  HostContext::From(host).messenger().OnMessage(received, ctx);
  return CLUSTER_OK;
}

// CLUSTER_OK if `message` makes sense, else CLUSTER_E_INVALID, logged.
cluster_status Check(const CallRule& rule, absl::string_view fault) {
  return fault.empty() ? CLUSTER_OK : Contract::Refuse(rule, fault);
}

cluster_status Send(const cluster_host* host, const cluster_outgoing* message) {
  if (const auto no = Contract::Check(host, kSend)) return no;
  if (const auto no = Check(kSend, FaultOfContent(message))) return no;
  if (const auto no = Check(kSend, FaultOfTarget(*message))) return no;
  return HostContext::From(host).messenger().Send(*message);
}

cluster_status Request(const cluster_host* host,
                       const cluster_outgoing* message,
                       uint64_t timeout_ms,
                       void (*replied)(void*,
                                       cluster_status,
                                       const cluster_message*),
                       void* ctx) {
  if (const auto no = Contract::Check(host, kRequest)) return no;
  if (const auto no = Check(kRequest, FaultOfContent(message))) return no;
  if (const auto no = Check(kRequest, FaultOfTarget(*message))) return no;
  if (message->to == CLUSTER_TO_OTHERS) {
    return Contract::Refuse(kRequest, "it is to CLUSTER_TO_OTHERS");
  }
  if (timeout_ms == 0 || timeout_ms > kMaxTimeoutMs) {
    return Contract::Refuse(kRequest, "timeout_ms is not 1 to 2^31");
  }
  if (replied == nullptr) return Contract::Refuse(kRequest, "replied is NULL");
  return HostContext::From(host).messenger().Request(
      *message, timeout_ms, replied, ctx);
}

cluster_status Reply(const cluster_host* host,
                     uint64_t request,
                     const cluster_outgoing* message) {
  if (const auto no = Contract::Check(host, kReply)) return no;
  if (const auto no = Check(kReply, FaultOfContent(message))) return no;
  return HostContext::From(host).messenger().Reply(request, *message);
}

}  // namespace

constexpr cluster_message_v1 kMessageService = {
    .size = sizeof(cluster_message_v1),
    .flags = 0,
    .on_message = &OnMessage,
    .send = &Send,
    .request = &Request,
    .reply = &Reply};

}  // namespace cluster
