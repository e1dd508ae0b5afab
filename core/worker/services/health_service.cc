#include "core/worker/services/health_service.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/base/monotonic_clock.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"
#include "core/worker/loop.h"

namespace cluster {
namespace {

constexpr size_t kMaxReasonBytes = 1024;

constexpr CallRule kReady = {
    CLUSTER_SERVICE_HEALTH_V1, "ready", kAnyThread, kCreatedToDraining};
constexpr CallRule kNotReady = {
    CLUSTER_SERVICE_HEALTH_V1, "not_ready", kAnyThread, kCreatedToDraining};
constexpr CallRule kHeartbeat = {
    CLUSTER_SERVICE_HEALTH_V1, "heartbeat", kAnyThread, kCreatedToStopped};
constexpr CallRule kEnd = {
    CLUSTER_SERVICE_HEALTH_V1, "end", kAnyThread, kStartedToDraining};
constexpr CallRule kIsLoopThread = {CLUSTER_SERVICE_THREAD_CHECK_V1,
                                    "is_loop_thread",
                                    kAnyThread,
                                    kCreatedToStopped};

struct Said {
  HostContext* context;
  std::function<void(HostContext&)> say;
};

void OnPosted(void* ctx) {
  const std::unique_ptr<Said> said(static_cast<Said*>(ctx));
  said->say(*said->context);
}

// What other threads say, the loop's says for them.
cluster_status SayOnLoop(const cluster_host* host,
                         std::function<void(HostContext&)> say) {
  HostContext& context = HostContext::From(host);
  if (Contract::on_loop_thread()) {
    say(context);
    return CLUSTER_OK;
  }
  auto said = std::make_unique<Said>(Said{&context, std::move(say)});
  if (!context.loop().Post(&OnPosted, said.get())) return CLUSTER_E_FULL;
  (void)said.release();
  return CLUSTER_OK;
}

cluster_status Ready(const cluster_host* host) {
  if (const auto no = Contract::Check(host, kReady)) return no;
  return SayOnLoop(host,
                   [](HostContext& context) { context.SetReady(true, ""); });
}

cluster_status NotReady(const cluster_host* host, cluster_string reason) {
  if (const auto no = Contract::Check(host, kNotReady)) return no;
  if (reason.data == nullptr || reason.size == 0) {
    return Contract::Refuse(kNotReady, "gives no reason");
  }
  const size_t size = std::min(reason.size, kMaxReasonBytes);
  return SayOnLoop(
      host, [text = std::string(reason.data, size)](HostContext& context) {
        context.SetReady(false, text);
      });
}

void Heartbeat(const cluster_host* host) {
  if (Contract::Check(host, kHeartbeat) != CLUSTER_OK) return;
  HostContext::From(host).page().heartbeat_ns.store(
      static_cast<uint64_t>(MonotonicNs()), std::memory_order_relaxed);
}

cluster_status End(const cluster_host* host, uint8_t at_once) {
  if (const auto no = Contract::Check(host, kEnd)) return no;
  return SayOnLoop(host, [at_once](HostContext& context) {
    context.AskToEnd(at_once != 0);
  });
}

uint8_t IsLoopThread(const cluster_host* host) {
  if (Contract::Check(host, kIsLoopThread) != CLUSTER_OK) return 0;
  return Contract::on_loop_thread() ? 1 : 0;
}

}  // namespace

constexpr cluster_health_v1 kHealthService = {.size = sizeof(cluster_health_v1),
                                              .flags = 0,
                                              .ready = &Ready,
                                              .not_ready = &NotReady,
                                              .heartbeat = &Heartbeat,
                                              .end = &End};

constexpr cluster_thread_check_v1 kThreadCheckService = {
    .size = sizeof(cluster_thread_check_v1),
    .flags = 0,
    .is_loop_thread = &IsLoopThread};

}  // namespace cluster
