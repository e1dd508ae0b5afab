#include "tools/plugin_check/probe/forwarded_tables.h"

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/control/listener_messages.h"
#include "core/worker/messages/outgoing_message.h"
#include "plugins/host/struct_size.h"
#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/callback_span.h"
#include "tools/plugin_check/probe/connection_table.h"
#include "tools/plugin_check/probe/host_beneath.h"
#include "tools/plugin_check/probe/probe_rule.h"
#include "tools/plugin_check/probe/wrapped_function.h"

namespace cluster {
namespace {

constexpr uint64_t kMaxTimeoutMs = uint64_t{1} << 31;

constexpr ProbeRule OnLoop(absl::string_view service,
                           absl::string_view function,
                           uint32_t states,
                           cluster_status failure = CLUSTER_OK) {
  return {{service, function, kLoopThread, states}, failure};
}

// The faults that a host finds in arguments; empty: none.

absl::string_view FaultOfNumber(uint32_t listener) {
  const uint32_t count =
      TableBeneath<cluster_listener_v1>(CLUSTER_SERVICE_LISTENER_V1)
          ->count(HostBeneath());
  return listener < count ? "" : "its listener is not below count()";
}

absl::string_view FaultOfOutput(uint32_t listener, int32_t* out) {
  return out == nullptr ? "where to write is NULL" : FaultOfNumber(listener);
}

// Has `tell` called from the loop, as a host that does as asked and fails.
void Later(std::function<void()> tell) {
  const auto run = [](void* ctx) {
    const std::unique_ptr<std::function<void()>> own(
        static_cast<std::function<void()>*>(ctx));
    const CallbackSpan span("an answer of the host's");
    (*own)();
  };
  TableBeneath<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1)
      ->post(HostBeneath(), run, new std::function<void()>(std::move(tell)));
}

// ---- cluster.listener/1

absl::string_view FaultOfInfo(uint32_t listener, cluster_listener_info* info) {
  if (info == nullptr) return "info is NULL";
  if (!CanBeSize(info->size, kFirstListenerInfoBytes)) {
    return "info->size is wrong";
  }
  return FaultOfNumber(listener);
}

using ListenDone = void (*)(void*,
                            cluster_status,
                            uint32_t,
                            const cluster_error*);

absl::string_view FaultOfListen(cluster_string address,
                                const cluster_listen_options* options,
                                ListenDone done,
                                void*) {
  if (address.data == nullptr || address.size == 0 ||
      address.size > kMaxListenTextBytes) {
    return "address is NULL, empty or too long";
  }
  if (done == nullptr) return "done is NULL";
  if (options == nullptr) return "";
  if (!CanBeSize(options->size, kFirstListenOptionsBytes)) {
    return "options->size is wrong";
  }
  return options->backlog < 0 ? "options->backlog is below 0" : "";
}

constexpr ProbeRule kCount =
    OnLoop(CLUSTER_SERVICE_LISTENER_V1, "count", kCreatedToStopped);
constexpr ProbeRule kInfo = OnLoop(
    CLUSTER_SERVICE_LISTENER_V1, "info", kCreatedToStopped, CLUSTER_E_INVALID);
constexpr ProbeRule kListen = OnLoop(
    CLUSTER_SERVICE_LISTENER_V1, "listen", kCreatedToStarted, CLUSTER_E_LIMIT);
// The answer says that there is none.
constexpr ProbeRule kListenDone = OnLoop(CLUSTER_SERVICE_LISTENER_V1,
                                         "listen.done",
                                         kCreatedToStarted,
                                         CLUSTER_E_SYSTEM);

cluster_status Listen(const cluster_host* host,
                      cluster_string address,
                      const cluster_listen_options* options,
                      ListenDone done,
                      void* ctx) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kListen)) return no;
  const absl::string_view fault = FaultOfListen(address, options, done, ctx);
  if (!fault.empty()) return guard.RefuseArgument(kListen, fault);
  if (const cluster_status why = guard.Check(host, kListenDone)) {
    Later([done, ctx, why] {
      const cluster_error error = {.size = sizeof(error),
                                   .code = EADDRINUSE,
                                   .message = "bind: EADDRINUSE"};
      done(ctx, why, 0, &error);
    });
    return CLUSTER_OK;
  }
  return TableBeneath<cluster_listener_v1>(kListen.service)
      ->listen(HostBeneath(), address, options, done, ctx);
}

constexpr ProbeRule kClose = OnLoop(
    CLUSTER_SERVICE_LISTENER_V1, "close", kStartedToDraining, CLUSTER_E_STATE);

// ---- cluster.datagram/1

constexpr ProbeRule kSocket = OnLoop(
    CLUSTER_SERVICE_DATAGRAM_V1, "socket", kCreatedToDraining, CLUSTER_E_STATE);

// ---- cluster.acceptor/1

constexpr ProbeRule kTakeOver = OnLoop(CLUSTER_SERVICE_ACCEPTOR_V1,
                                       "take_over",
                                       kCreatedToStarted,
                                       CLUSTER_E_SYSTEM);
constexpr ProbeRule kTake =
    OnLoop(CLUSTER_SERVICE_ACCEPTOR_V1, "take", kStartedToDraining);
constexpr ProbeRule kPause = OnLoop(
    CLUSTER_SERVICE_ACCEPTOR_V1, "pause", kCreatedToDraining, CLUSTER_E_SYSTEM);
constexpr ProbeRule kResume = OnLoop(CLUSTER_SERVICE_ACCEPTOR_V1,
                                     "resume",
                                     kCreatedToDraining,
                                     CLUSTER_E_SYSTEM);

// What was taken counts as given.
cluster_status Take(const cluster_host* host,
                    uint32_t listener,
                    cluster_connection* connections,
                    uint64_t capacity,
                    uint64_t* taken) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kTake)) return no;
  if (taken == nullptr) return guard.RefuseArgument(kTake, "taken is NULL");
  *taken = 0;
  if (connections == nullptr || capacity == 0) {
    return guard.RefuseArgument(kTake, "there is no room for a connection");
  }
  const uint32_t distance = connections->size;
  if (!CanBeSize(distance, kFirstConnectionBytes)) {
    return guard.RefuseArgument(kTake, "connections->size is wrong");
  }
  if (const absl::string_view fault = FaultOfNumber(listener); !fault.empty()) {
    return guard.RefuseArgument(kTake, fault);
  }
  const cluster_status status =
      TableBeneath<cluster_acceptor_v1>(kTake.service)
          ->take(HostBeneath(), listener, connections, capacity, taken);
  if (status != CLUSTER_OK) return status;
  const char* at = reinterpret_cast<const char*>(connections);
  for (uint64_t i = 0; i < *taken; ++i, at += distance) {
    const auto* taken_one = reinterpret_cast<const cluster_connection*>(at);
    ConnectionGiven(taken_one->id, taken_one->fd);
  }
  return status;
}

// ---- cluster.message/1

using Received = void (*)(void*, const cluster_message*);
using Replied = void (*)(void*, cluster_status, const cluster_message*);

absl::string_view FaultOfOnMessage(Received received, void*) {
  return received == nullptr ? "received is NULL" : "";
}

absl::string_view FaultOfSend(const cluster_outgoing* message) {
  const absl::string_view fault = FaultOfContent(message);
  return fault.empty() ? FaultOfTarget(*message) : fault;
}

absl::string_view FaultOfRequest(const cluster_outgoing* message,
                                 uint64_t timeout_ms,
                                 Replied replied,
                                 void*) {
  const absl::string_view fault = FaultOfSend(message);
  if (!fault.empty()) return fault;
  if (message->to == CLUSTER_TO_OTHERS) return "it is to CLUSTER_TO_OTHERS";
  if (timeout_ms == 0 || timeout_ms > kMaxTimeoutMs) {
    return "timeout_ms is not 1 to 2^31";
  }
  return replied == nullptr ? "replied is NULL" : "";
}

absl::string_view FaultOfReply(uint64_t, const cluster_outgoing* message) {
  return FaultOfContent(message);
}

constexpr ProbeRule kOnMessage = OnLoop(CLUSTER_SERVICE_MESSAGE_V1,
                                        "on_message",
                                        kCreatedToStarted,
                                        CLUSTER_E_SYSTEM);
constexpr ProbeRule kSend = OnLoop(
    CLUSTER_SERVICE_MESSAGE_V1, "send", kCreatedToDraining, CLUSTER_E_FULL);
constexpr ProbeRule kRequest = OnLoop(
    CLUSTER_SERVICE_MESSAGE_V1, "request", kCreatedToDraining, CLUSTER_E_FULL);
// The other side has ended. Nobody else answers here.
constexpr ProbeRule kReplied = OnLoop(CLUSTER_SERVICE_MESSAGE_V1,
                                      "request.replied",
                                      kCreatedToDraining,
                                      CLUSTER_E_GONE);

cluster_status Request(const cluster_host* host,
                       const cluster_outgoing* message,
                       uint64_t timeout_ms,
                       Replied replied,
                       void* ctx) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kRequest)) return no;
  const absl::string_view fault =
      FaultOfRequest(message, timeout_ms, replied, ctx);
  if (!fault.empty()) return guard.RefuseArgument(kRequest, fault);
  if (const cluster_status why = guard.Check(host, kReplied)) {
    Later([replied, ctx, why] { replied(ctx, why, nullptr); });
    return CLUSTER_OK;
  }
  return TableBeneath<cluster_message_v1>(kRequest.service)
      ->request(HostBeneath(), message, timeout_ms, replied, ctx);
}

constexpr ProbeRule kReply = OnLoop(
    CLUSTER_SERVICE_MESSAGE_V1, "reply", kCreatedToDraining, CLUSTER_E_FULL);

}  // namespace

const cluster_listener_v1 kProbeListener = {
    .size = sizeof(kProbeListener),
    .flags = 0,
    .count = &WrappedFunction<kCount, &cluster_listener_v1::count>::Call,
    .info =
        &WrappedFunction<kInfo, &cluster_listener_v1::info, &FaultOfInfo>::Call,
    .listen = &Listen,
    .close = &WrappedFunction<kClose,
                              &cluster_listener_v1::close,
                              &FaultOfNumber>::Call};

const cluster_datagram_v1 kProbeDatagram = {
    .size = sizeof(kProbeDatagram),
    .flags = 0,
    .socket = &WrappedFunction<kSocket,
                               &cluster_datagram_v1::socket,
                               &FaultOfOutput>::Call};

const cluster_acceptor_v1 kProbeAcceptor = {
    .size = sizeof(kProbeAcceptor),
    .flags = 0,
    .take_over = &WrappedFunction<kTakeOver,
                                  &cluster_acceptor_v1::take_over,
                                  &FaultOfOutput>::Call,
    .take = &Take,
    .pause = &WrappedFunction<kPause,
                              &cluster_acceptor_v1::pause,
                              &FaultOfNumber>::Call,
    .resume = &WrappedFunction<kResume,
                               &cluster_acceptor_v1::resume,
                               &FaultOfNumber>::Call};

const cluster_message_v1 kProbeMessage = {
    .size = sizeof(kProbeMessage),
    .flags = 0,
    .on_message = &WrappedFunction<kOnMessage,
                                   &cluster_message_v1::on_message,
                                   &FaultOfOnMessage>::Call,
    .send =
        &WrappedFunction<kSend, &cluster_message_v1::send, &FaultOfSend>::Call,
    .request = &Request,
    .reply = &WrappedFunction<kReply,
                              &cluster_message_v1::reply,
                              &FaultOfReply>::Call};

}  // namespace cluster
