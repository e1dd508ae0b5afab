#include "core/worker/services/listener_service.h"

#include <cstring>

#include "absl/strings/string_view.h"
#include "core/control/listener_messages.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"
#include "core/worker/listener_table.h"
#include "plugins/host/struct_size.h"

namespace cluster {
namespace {

constexpr CallRule Listener(absl::string_view function, uint32_t states) {
  return {CLUSTER_SERVICE_LISTENER_V1, function, kLoopThread, states};
}
constexpr CallRule kCount = Listener("count", kCreatedToStopped);
constexpr CallRule kInfo = Listener("info", kCreatedToStopped);
constexpr CallRule kListen = Listener("listen", kCreatedToStarted);
constexpr CallRule kClose = Listener("close", kStartedToDraining);
constexpr CallRule kSocket = {
    CLUSTER_SERVICE_DATAGRAM_V1, "socket", kLoopThread, kCreatedToDraining};

constexpr absl::string_view kBeyondCount = "its listener is not below count()";

uint32_t Count(const cluster_host* host) {
  if (Contract::Check(host, kCount) != CLUSTER_OK) return 0;
  return HostContext::From(host).listeners().count();
}

cluster_status Info(const cluster_host* host,
                    uint32_t listener,
                    cluster_listener_info* info) {
  if (const auto no = Contract::Check(host, kInfo)) return no;
  if (info == nullptr) return Contract::Refuse(kInfo, "info is NULL");
  if (!CanBeSize(info->size, kFirstListenerInfoBytes)) {
    return Contract::Refuse(kInfo, "info->size is wrong");
  }
  const ListenerTable& listeners = HostContext::From(host).listeners();
  if (listener >= listeners.count()) {
    return Contract::Refuse(kInfo, kBeyondCount);
  }
  const ListenerTable::Known* known = listeners.Find(listener);
  if (known == nullptr) return CLUSTER_E_INVALID;
  cluster_listener_info full = {
      .size = info->size,
      .listener = listener,
      .kind = static_cast<uint32_t>(known->facts.kind),
      .reserved = 0,
      .address = {},
      .text = {known->text->data(), known->text->size()}};
  static_assert(sizeof(full.address) == sizeof(known->facts.address));
  std::memcpy(&full.address, &known->facts.address, sizeof(full.address));
  WriteKnown(full, info, full.size);
  return CLUSTER_OK;
}

cluster_status Listen(const cluster_host* host,
                      cluster_string address,
                      const cluster_listen_options* options,
                      void (*done)(void* ctx,
                                   cluster_status status,
                                   uint32_t listener,
                                   const cluster_error* error),
                      void* ctx) {
  if (const auto no = Contract::Check(host, kListen)) return no;
  if (address.data == nullptr || address.size == 0 ||
      address.size > kMaxListenTextBytes) {
    return Contract::Refuse(kListen, "address is NULL, empty or too long");
  }
  if (done == nullptr) return Contract::Refuse(kListen, "done is NULL");
  cluster_listen_options known = {};
  if (options != nullptr) {
    if (!CanBeSize(options->size, kFirstListenOptionsBytes)) {
      return Contract::Refuse(kListen, "options->size is wrong");
    }
    known = CopyKnown<cluster_listen_options>(options, options->size);
  }
  if (known.backlog < 0) {
    return Contract::Refuse(kListen, "options->backlog is below 0");
  }
  return HostContext::From(host).listeners().Listen(
      absl::string_view(address.data, address.size),
      known.flags,
      known.backlog,
      done,
      ctx);
}

cluster_status Close(const cluster_host* host, uint32_t listener) {
  if (const auto no = Contract::Check(host, kClose)) return no;
  ListenerTable& listeners = HostContext::From(host).listeners();
  if (listener >= listeners.count()) {
    return Contract::Refuse(kClose, kBeyondCount);
  }
  return listeners.Close(listener);
}

// ---- cluster.datagram/1

cluster_status Socket(const cluster_host* host,
                      uint32_t listener,
                      int32_t* fd) {
  if (const auto no = Contract::Check(host, kSocket)) return no;
  if (fd == nullptr) return Contract::Refuse(kSocket, "fd is NULL");
  const ListenerTable& listeners = HostContext::From(host).listeners();
  if (listener >= listeners.count()) {
    return Contract::Refuse(kSocket, kBeyondCount);
  }
  const ListenerTable::Known* known = listeners.Find(listener);
  if (known == nullptr || known->facts.kind != ListenerKind::kDatagram) {
    return CLUSTER_E_INVALID;
  }
  const int socket = listeners.Socket(listener);
  if (socket < 0) return CLUSTER_E_STATE;
  *fd = socket;
  return CLUSTER_OK;
}

}  // namespace

constexpr cluster_listener_v1 kListenerService = {
    .size = sizeof(cluster_listener_v1),
    .flags = 0,
    .count = &Count,
    .info = &Info,
    .listen = &Listen,
    .close = &Close};

constexpr cluster_datagram_v1 kDatagramService = {
    .size = sizeof(cluster_datagram_v1), .flags = 0, .socket = &Socket};

}  // namespace cluster
