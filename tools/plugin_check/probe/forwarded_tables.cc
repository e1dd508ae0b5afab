#include "tools/plugin_check/probe/forwarded_tables.h"

#include "plugins/host/struct_size.h"
#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/connection_table.h"
#include "tools/plugin_check/probe/host_beneath.h"
#include "tools/plugin_check/probe/probe_rule.h"
#include "tools/plugin_check/probe/wrapped_function.h"

namespace cluster {
namespace {

constexpr ProbeRule OnLoop(absl::string_view service,
                           absl::string_view function,
                           uint32_t states,
                           cluster_status failure = CLUSTER_OK) {
  return {{service, function, kLoopThread, states}, failure};
}

// ---- cluster.listener/1

constexpr ProbeRule kCount =
    OnLoop(CLUSTER_SERVICE_LISTENER_V1, "count", kCreatedToStopped);
constexpr ProbeRule kInfo = OnLoop(
    CLUSTER_SERVICE_LISTENER_V1, "info", kCreatedToStopped, CLUSTER_E_INVALID);
constexpr ProbeRule kListen = OnLoop(
    CLUSTER_SERVICE_LISTENER_V1, "listen", kCreatedToStarted, CLUSTER_E_LIMIT);
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

constexpr ProbeRule kOnMessage = OnLoop(CLUSTER_SERVICE_MESSAGE_V1,
                                        "on_message",
                                        kCreatedToStarted,
                                        CLUSTER_E_SYSTEM);
constexpr ProbeRule kSend = OnLoop(
    CLUSTER_SERVICE_MESSAGE_V1, "send", kCreatedToDraining, CLUSTER_E_FULL);
constexpr ProbeRule kRequest = OnLoop(
    CLUSTER_SERVICE_MESSAGE_V1, "request", kCreatedToDraining, CLUSTER_E_FULL);
constexpr ProbeRule kReply = OnLoop(
    CLUSTER_SERVICE_MESSAGE_V1, "reply", kCreatedToDraining, CLUSTER_E_FULL);

}  // namespace

const cluster_listener_v1 kProbeListener = {
    .size = sizeof(kProbeListener),
    .flags = 0,
    .count = &WrappedFunction<kCount, &cluster_listener_v1::count>::Call,
    .info = &WrappedFunction<kInfo, &cluster_listener_v1::info>::Call,
    .listen = &WrappedFunction<kListen, &cluster_listener_v1::listen>::Call,
    .close = &WrappedFunction<kClose, &cluster_listener_v1::close>::Call};

const cluster_datagram_v1 kProbeDatagram = {
    .size = sizeof(kProbeDatagram),
    .flags = 0,
    .socket = &WrappedFunction<kSocket, &cluster_datagram_v1::socket>::Call};

const cluster_acceptor_v1 kProbeAcceptor = {
    .size = sizeof(kProbeAcceptor),
    .flags = 0,
    .take_over =
        &WrappedFunction<kTakeOver, &cluster_acceptor_v1::take_over>::Call,
    .take = &Take,
    .pause = &WrappedFunction<kPause, &cluster_acceptor_v1::pause>::Call,
    .resume = &WrappedFunction<kResume, &cluster_acceptor_v1::resume>::Call};

const cluster_message_v1 kProbeMessage = {
    .size = sizeof(kProbeMessage),
    .flags = 0,
    .on_message =
        &WrappedFunction<kOnMessage, &cluster_message_v1::on_message>::Call,
    .send = &WrappedFunction<kSend, &cluster_message_v1::send>::Call,
    .request = &WrappedFunction<kRequest, &cluster_message_v1::request>::Call,
    .reply = &WrappedFunction<kReply, &cluster_message_v1::reply>::Call};

}  // namespace cluster
