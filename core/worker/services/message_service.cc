#include "core/worker/services/message_service.h"

#include "core/worker/host_context.h"
#include "core/worker/messages/messenger.h"

namespace cluster {
namespace {

// Calls `function` with the messenger, on its thread.
template <class Function>
cluster_status OnLoopThread(const cluster_host* host, Function&& function) {
  HostContext& context = HostContext::From(host);
  if (!context.on_loop_thread()) return CLUSTER_E_THREAD;
  return function(context.messenger());
}

cluster_status OnMessage(const cluster_host* host,
                         void (*received)(void*, const cluster_message*),
                         void* ctx) {
  return OnLoopThread(host, [&](Messenger& messenger) {
    return messenger.OnMessage(received, ctx);
  });
}

cluster_status Send(const cluster_host* host, const cluster_outgoing* message) {
  return OnLoopThread(
      host, [&](Messenger& messenger) { return messenger.Send(message); });
}

cluster_status Request(const cluster_host* host,
                       const cluster_outgoing* message,
                       uint64_t timeout_ms,
                       void (*replied)(void*,
                                       cluster_status,
                                       const cluster_message*),
                       void* ctx) {
  return OnLoopThread(host, [&](Messenger& messenger) {
    return messenger.Request(message, timeout_ms, replied, ctx);
  });
}

cluster_status Reply(const cluster_host* host,
                     uint64_t request,
                     const cluster_outgoing* message) {
  return OnLoopThread(host, [&](Messenger& messenger) {
    return messenger.Reply(request, message);
  });
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
