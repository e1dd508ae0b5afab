#include "core/worker/services/listener_service.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/string_view.h"
#include "core/control/listener_messages.h"
#include "core/worker/host_context.h"
#include "core/worker/listener_table.h"

namespace cluster {
namespace {

using Stage = ListenerTable::Stage;

// CLUSTER_OK if this is the loop thread and the plugin is at `last` at most.
cluster_status Check(const cluster_host* host, Stage last) {
  HostContext& context = HostContext::From(host);
  if (!context.on_loop_thread()) return CLUSTER_E_THREAD;
  return context.listeners().stage() <= last ? CLUSTER_OK : CLUSTER_E_STATE;
}

uint32_t Count(const cluster_host* host) {
  HostContext& context = HostContext::From(host);
  return context.on_loop_thread() ? context.listeners().count() : 0;
}

cluster_status Info(const cluster_host* host,
                    uint32_t listener,
                    cluster_listener_info* info) {
  if (const cluster_status status = Check(host, Stage::kStopped)) return status;
  const ListenerTable::Known* known =
      HostContext::From(host).listeners().Find(listener);
  if (known == nullptr || info == nullptr || info->size < sizeof(info->size)) {
    return CLUSTER_E_INVALID;
  }
  cluster_listener_info full = {
      .size = info->size,
      .listener = listener,
      .kind = static_cast<uint32_t>(known->facts.kind),
      .reserved = 0,
      .address = {},
      .text = {known->text->data(), known->text->size()}};
  static_assert(sizeof(full.address) == sizeof(known->facts.address));
  std::memcpy(&full.address, &known->facts.address, sizeof(full.address));
  std::memcpy(info, &full, std::min<size_t>(info->size, sizeof(full)));
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
  if (const cluster_status status = Check(host, Stage::kStarted)) return status;
  cluster_listen_options known = {};
  if (options != nullptr) {
    std::memcpy(
        &known, options, std::min<size_t>(options->size, sizeof(known)));
  }
  if (done == nullptr || address.data == nullptr || address.size == 0 ||
      address.size > kMaxListenTextBytes || known.backlog < 0) {
    return CLUSTER_E_INVALID;
  }
  return HostContext::From(host).listeners().Listen(
      absl::string_view(address.data, address.size),
      known.flags,
      known.backlog,
      done,
      ctx);
}

cluster_status Close(const cluster_host* host, uint32_t listener) {
  if (const cluster_status status = Check(host, Stage::kDraining)) {
    return status;
  }
  ListenerTable& listeners = HostContext::From(host).listeners();
  if (listeners.stage() < Stage::kStarted) return CLUSTER_E_STATE;
  return listeners.Close(listener);
}

// ---- cluster.datagram/1

cluster_status Socket(const cluster_host* host,
                      uint32_t listener,
                      int32_t* fd) {
  if (const cluster_status status = Check(host, Stage::kDraining)) {
    return status;
  }
  const ListenerTable& listeners = HostContext::From(host).listeners();
  const ListenerTable::Known* known = listeners.Find(listener);
  if (known == nullptr || known->facts.kind != ListenerKind::kDatagram ||
      fd == nullptr) {
    return CLUSTER_E_INVALID;
  }
  const int socket = listeners.Socket(listener);
  if (socket < 0 || listeners.stage() == Stage::kDraining) {
    return CLUSTER_E_STATE;
  }
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
