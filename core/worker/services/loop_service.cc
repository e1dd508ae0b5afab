#include "core/worker/services/loop_service.h"

#include <sys/epoll.h>

#include <cerrno>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"
#include "core/worker/loop.h"

namespace cluster {
namespace {

constexpr CallRule Rule(absl::string_view function, uint32_t states) {
  return {CLUSTER_SERVICE_LOOP_V1, function, kLoopThread, states};
}
constexpr CallRule kWatch = Rule("watch", kCreatedToDraining);
constexpr CallRule kModify = Rule("modify", kCreatedToDraining);
constexpr CallRule kUnwatch = Rule("unwatch", kCreatedToStopped);
constexpr CallRule kStartTimer = Rule("start_timer", kCreatedToDraining);
constexpr CallRule kCancelTimer = Rule("cancel_timer", kCreatedToStopped);
constexpr CallRule kPost = {
    CLUSTER_SERVICE_LOOP_V1, "post", kAnyThread, kCreatedToDraining};
constexpr CallRule kPollable = {
    CLUSTER_SERVICE_EMBEDDING_V1, "pollable", kLoopThread, kCreatedToStopped};
constexpr CallRule kDispatch = {
    CLUSTER_SERVICE_EMBEDDING_V1, "dispatch", kLoopThread, kStartedToDraining};

// The plugin's callback, behind the ABI's event bits.
struct PluginWatch {
  Loop::Watch* watch;
  void (*ready)(void* ctx, uint32_t events);
  void* ctx;
};

uint32_t ToEpoll(uint32_t events) {
  return ((events & CLUSTER_READABLE) != 0 ? EPOLLIN | EPOLLRDHUP : 0) |
         ((events & CLUSTER_WRITABLE) != 0 ? EPOLLOUT : 0);
}

void OnReady(void* ctx, uint32_t epoll_events) {
  const auto* watch = static_cast<PluginWatch*>(ctx);
  uint32_t events = 0;
  if ((epoll_events & (EPOLLIN | EPOLLRDHUP)) != 0) events |= CLUSTER_READABLE;
  if ((epoll_events & EPOLLOUT) != 0) events |= CLUSTER_WRITABLE;
  if ((epoll_events & (EPOLLHUP | EPOLLERR)) != 0) events |= CLUSTER_HANGUP;
  watch->ready(watch->ctx, events);
}

cluster_status ToClusterStatus(const absl::Status& status) {
  if (status.ok()) return CLUSTER_OK;
  errno = ErrnoOf(status);
  return errno == EBADF || errno == EPERM || errno == EEXIST ? CLUSTER_E_INVALID
                                                             : CLUSTER_E_SYSTEM;
}

cluster_status Watch(const cluster_host* host,
                     int32_t fd,
                     uint32_t events,
                     void (*ready)(void* ctx, uint32_t events),
                     void* ctx,
                     cluster_watch** watch) {
  if (const auto no = Contract::Check(host, kWatch)) return no;
  if (ready == nullptr) return Contract::Refuse(kWatch, "ready is NULL");
  if (watch == nullptr) return Contract::Refuse(kWatch, "watch is NULL");
  auto plugin_watch =
      std::make_unique<PluginWatch>(PluginWatch{nullptr, ready, ctx});
  const absl::StatusOr<Loop::Watch*> added = HostContext::From(host).loop().Add(
      fd, ToEpoll(events), &OnReady, plugin_watch.get());
  if (!added.ok()) return ToClusterStatus(added.status());
  plugin_watch->watch = *added;
  *watch = reinterpret_cast<cluster_watch*>(plugin_watch.release());
  return CLUSTER_OK;
}

cluster_status Modify(const cluster_host* host,
                      cluster_watch* watch,
                      uint32_t events) {
  if (const auto no = Contract::Check(host, kModify)) return no;
  if (watch == nullptr) return Contract::Refuse(kModify, "watch is NULL");
  return ToClusterStatus(HostContext::From(host).loop().Modify(
      reinterpret_cast<PluginWatch*>(watch)->watch, ToEpoll(events)));
}

void Unwatch(const cluster_host* host, cluster_watch* watch) {
  if (Contract::Check(host, kUnwatch) != CLUSTER_OK) return;
  if (watch == nullptr) {
    Contract::Refuse(kUnwatch, "watch is NULL");
    return;
  }
  auto* plugin_watch = reinterpret_cast<PluginWatch*>(watch);
  HostContext::From(host).loop().Remove(plugin_watch->watch);
  delete plugin_watch;
}

cluster_status StartTimer(const cluster_host* host,
                          uint64_t delay_us,
                          void (*fire)(void* ctx),
                          void* ctx,
                          cluster_timer** timer) {
  if (const auto no = Contract::Check(host, kStartTimer)) return no;
  if (fire == nullptr) return Contract::Refuse(kStartTimer, "fire is NULL");
  if (timer == nullptr) return Contract::Refuse(kStartTimer, "timer is NULL");
  *timer = reinterpret_cast<cluster_timer*>(
      HostContext::From(host).loop().StartTimer(delay_us, fire, ctx));
  return CLUSTER_OK;
}

void CancelTimer(const cluster_host* host, cluster_timer* timer) {
  if (Contract::Check(host, kCancelTimer) != CLUSTER_OK) return;
  if (timer == nullptr) {
    Contract::Refuse(kCancelTimer, "timer is NULL");
    return;
  }
  HostContext::From(host).loop().CancelTimer(
      reinterpret_cast<Loop::Timer*>(timer));
}

cluster_status Post(const cluster_host* host, void (*run)(void*), void* ctx) {
  if (const auto no = Contract::Check(host, kPost)) return no;
  if (run == nullptr) return Contract::Refuse(kPost, "run is NULL");
  return HostContext::From(host).loop().Post(run, ctx) ? CLUSTER_OK
                                                       : CLUSTER_E_FULL;
}

// ---- cluster.embedding/1

int32_t Pollable(const cluster_host* host) {
  if (Contract::Check(host, kPollable) != CLUSTER_OK) return -1;
  const absl::StatusOr<int> fd = HostContext::From(host).loop().Pollable();
  if (fd.ok()) return *fd;
  errno = ErrnoOf(fd.status());
  return -1;
}

cluster_status Dispatch(const cluster_host* host) {
  if (const auto no = Contract::Check(host, kDispatch)) return no;
  const cluster_status status = HostContext::From(host).Dispatch();
  if (status == CLUSTER_E_STATE) {
    Contract::Refuse(kDispatch,
                     "called outside of run, or in a callback of its own");
  }
  return status;
}

}  // namespace

constexpr cluster_loop_v1 kLoopService = {.size = sizeof(cluster_loop_v1),
                                          .flags = 0,
                                          .watch = &Watch,
                                          .modify = &Modify,
                                          .unwatch = &Unwatch,
                                          .start_timer = &StartTimer,
                                          .cancel_timer = &CancelTimer,
                                          .post = &Post};

constexpr cluster_embedding_v1 kEmbeddingService = {
    .size = sizeof(cluster_embedding_v1),
    .flags = 0,
    .pollable = &Pollable,
    .dispatch = &Dispatch};

}  // namespace cluster
