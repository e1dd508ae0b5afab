#include "tools/plugin_check/probe/loop_tables.h"

#include <atomic>
#include <memory>
#include <utility>

#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/callback_span.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/host_beneath.h"
#include "tools/plugin_check/probe/live_set.h"
#include "tools/plugin_check/probe/probe_rule.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
namespace {

constexpr size_t kMaxPosted = 4096;

constexpr ProbeRule kWatch = {
    {CLUSTER_SERVICE_LOOP_V1, "watch", true, kCreatedToDraining},
    CLUSTER_E_SYSTEM};
constexpr ProbeRule kModify = {
    {CLUSTER_SERVICE_LOOP_V1, "modify", true, kCreatedToDraining},
    CLUSTER_E_SYSTEM};
constexpr ProbeRule kUnwatch = {
    {CLUSTER_SERVICE_LOOP_V1, "unwatch", true, kCreatedToStopped}};
constexpr ProbeRule kStartTimer = {
    {CLUSTER_SERVICE_LOOP_V1, "start_timer", true, kCreatedToDraining},
    CLUSTER_E_SYSTEM};
constexpr ProbeRule kCancelTimer = {
    {CLUSTER_SERVICE_LOOP_V1, "cancel_timer", true, kCreatedToStopped}};
constexpr ProbeRule kPost = {
    {CLUSTER_SERVICE_LOOP_V1, "post", false, kCreatedToDraining},
    CLUSTER_E_FULL};
constexpr ProbeRule kPollable = {
    {CLUSTER_SERVICE_EMBEDDING_V1, "pollable", true, kCreatedToStopped},
    CLUSTER_E_SYSTEM};
constexpr ProbeRule kDispatch = {
    {CLUSTER_SERVICE_EMBEDDING_V1, "dispatch", true, kStartedToDraining}};

struct ProbeWatch {
  cluster_watch* beneath = nullptr;
  int32_t fd = -1;
  void (*ready)(void* ctx, uint32_t events) = nullptr;
  void* ctx = nullptr;
};

struct ProbeTimer {
  cluster_timer* beneath = nullptr;
  void (*fire)(void* ctx) = nullptr;
  void* ctx = nullptr;
};

struct ProbePost {
  void (*run)(void* ctx) = nullptr;
  void* ctx = nullptr;
};

LiveSet<ProbeWatch>& Watches() {
  static auto* const watches = new LiveSet<ProbeWatch>();
  return *watches;
}
LiveSet<ProbeTimer>& Timers() {
  static auto* const timers = new LiveSet<ProbeTimer>();
  return *timers;
}
std::atomic<size_t> waiting_posts = 0;
std::atomic<bool> loop_has_ended = false;

const cluster_loop_v1& LoopBeneath() {
  return *TableBeneath<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1);
}

void OnReady(void* ctx, uint32_t events) {
  // The plugin may end the watch in its own callback.
  const ProbeWatch watch = *static_cast<ProbeWatch*>(ctx);
  const CallbackSpan span("a watch's callback");
  watch.ready(watch.ctx, events);
}

cluster_status Watch(const cluster_host* host,
                     int32_t fd,
                     uint32_t events,
                     void (*ready)(void*, uint32_t),
                     void* ctx,
                     cluster_watch** watch) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kWatch)) return no;
  if (ready == nullptr) return guard.RefuseArgument(kWatch, "ready is NULL");
  if (watch == nullptr) return guard.RefuseArgument(kWatch, "watch is NULL");
  if ((events & ~(CLUSTER_READABLE | CLUSTER_WRITABLE)) != 0) {
    return guard.RefuseArgument(kWatch, "events cannot be asked for");
  }
  auto made = std::make_unique<ProbeWatch>(ProbeWatch{nullptr, fd, ready, ctx});
  const cluster_status status = LoopBeneath().watch(
      HostBeneath(), fd, events, &OnReady, made.get(), &made->beneath);
  if (status == CLUSTER_E_INVALID) {
    return guard.RefuseArgument(kWatch, "fd is not one that can be watched");
  }
  if (status != CLUSTER_OK) return status;
  *watch = reinterpret_cast<cluster_watch*>(Watches().Add(std::move(made)));
  return CLUSTER_OK;
}

cluster_status Modify(const cluster_host* host,
                      cluster_watch* watch,
                      uint32_t events) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kModify)) return no;
  const ProbeWatch* known = Watches().Find(watch);
  if (known == nullptr) {
    return guard.RefuseArgument(kModify, "watch is none that is held");
  }
  return LoopBeneath().modify(HostBeneath(), known->beneath, events);
}

void Unwatch(const cluster_host* host, cluster_watch* watch) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(host, kUnwatch) != CLUSTER_OK) return;
  const std::unique_ptr<ProbeWatch> ended = Watches().Take(watch);
  if (ended == nullptr) {
    guard.RefuseArgument(kUnwatch, "watch is none that is held");
    return;
  }
  LoopBeneath().unwatch(HostBeneath(), ended->beneath);
}

void OnFire(void* ctx) {
  const std::unique_ptr<ProbeTimer> timer = Timers().Take(ctx);
  const CallbackSpan span("a timer's callback");
  timer->fire(timer->ctx);
}

cluster_status StartTimer(const cluster_host* host,
                          uint64_t delay_us,
                          void (*fire)(void*),
                          void* ctx,
                          cluster_timer** timer) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kStartTimer)) return no;
  if (fire == nullptr) return guard.RefuseArgument(kStartTimer, "fire is NULL");
  if (timer == nullptr) {
    return guard.RefuseArgument(kStartTimer, "timer is NULL");
  }
  ProbeTimer* made = Timers().Add(
      std::make_unique<ProbeTimer>(ProbeTimer{nullptr, fire, ctx}));
  const cluster_status status = LoopBeneath().start_timer(
      HostBeneath(), delay_us, &OnFire, made, &made->beneath);
  if (status != CLUSTER_OK) {
    Timers().Take(made);
    return status;
  }
  *timer = reinterpret_cast<cluster_timer*>(made);
  return CLUSTER_OK;
}

void CancelTimer(const cluster_host* host, cluster_timer* timer) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(host, kCancelTimer) != CLUSTER_OK) return;
  const std::unique_ptr<ProbeTimer> ended = Timers().Take(timer);
  if (ended == nullptr) {
    guard.RefuseArgument(kCancelTimer,
                         "timer is none that is held; has it fired?");
    return;
  }
  LoopBeneath().cancel_timer(HostBeneath(), ended->beneath);
}

void OnPosted(void* ctx) {
  const std::unique_ptr<ProbePost> post(static_cast<ProbePost*>(ctx));
  --waiting_posts;
  const CallbackSpan span("a posted call");
  post->run(post->ctx);
}

cluster_status Post(const cluster_host* host, void (*run)(void*), void* ctx) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kPost)) return no;
  if (run == nullptr) return guard.RefuseArgument(kPost, "run is NULL");
  if (++waiting_posts > kMaxPosted) {
    --waiting_posts;
    return CLUSTER_E_FULL;
  }
  return LoopBeneath().post(HostBeneath(), &OnPosted, new ProbePost{run, ctx});
}

// ---- cluster.embedding/1

int32_t Pollable(const cluster_host* host) {
  if (CallGuard::Get().Check(host, kPollable) != CLUSTER_OK) return -1;
  return TableBeneath<cluster_embedding_v1>(kPollable.service)
      ->pollable(HostBeneath());
}

cluster_status Dispatch(const cluster_host* host) {
  if (const auto no = CallGuard::Get().Check(host, kDispatch)) return no;
  const cluster_status status =
      TableBeneath<cluster_embedding_v1>(kDispatch.service)
          ->dispatch(HostBeneath());
  if (status == CLUSTER_E_STATE) {
    Reporter::Get().Found(Finding::kWrongState,
                          "embedding.dispatch was called outside of run, or "
                          "in a callback of its own");
  }
  if (status == CLUSTER_STOPPED) loop_has_ended = true;
  return status;
}

}  // namespace

const cluster_loop_v1 kProbeLoop = {.size = sizeof(kProbeLoop),
                                    .flags = 0,
                                    .watch = &Watch,
                                    .modify = &Modify,
                                    .unwatch = &Unwatch,
                                    .start_timer = &StartTimer,
                                    .cancel_timer = &CancelTimer,
                                    .post = &Post};

const cluster_embedding_v1 kProbeEmbedding = {.size = sizeof(kProbeEmbedding),
                                              .flags = 0,
                                              .pollable = &Pollable,
                                              .dispatch = &Dispatch};

size_t LiveWatches() { return Watches().size(); }
size_t LiveTimers() { return Timers().size(); }
bool LoopHasEnded() { return loop_has_ended; }
bool IsWatched(int32_t fd) {
  return Watches().Any([fd](const ProbeWatch& w) { return w.fd == fd; });
}

}  // namespace cluster
