#include "core/worker/services/health_service.h"

#include <algorithm>
#include <cstddef>
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
constexpr CallRule kIsLoopThread = {CLUSTER_SERVICE_THREAD_CHECK_V1,
                                    "is_loop_thread",
                                    kAnyThread,
                                    kCreatedToStopped};

struct Change {
  HostContext* context;
  bool ready;
  std::string reason;
};

void OnPosted(void* ctx) {
  const std::unique_ptr<Change> change(static_cast<Change*>(ctx));
  change->context->SetReady(change->ready, std::move(change->reason));
}

// What other threads say, the loop's says for them.
cluster_status SetReady(const cluster_host* host,
                        bool ready,
                        std::string reason) {
  HostContext& context = HostContext::From(host);
  if (Contract::on_loop_thread()) {
    context.SetReady(ready, std::move(reason));
    return CLUSTER_OK;
  }
  auto change =
      std::make_unique<Change>(Change{&context, ready, std::move(reason)});
  if (!context.loop().Post(&OnPosted, change.get())) return CLUSTER_E_FULL;
  (void)change.release();
  return CLUSTER_OK;
}

cluster_status Ready(const cluster_host* host) {
  if (const auto no = Contract::Check(host, kReady)) return no;
  return SetReady(host, true, "");
}

cluster_status NotReady(const cluster_host* host, cluster_string reason) {
  if (const auto no = Contract::Check(host, kNotReady)) return no;
  if (reason.data == nullptr || reason.size == 0) {
    return Contract::Refuse(kNotReady, "gives no reason");
  }
  return SetReady(
      host,
      false,
      std::string(reason.data, std::min(reason.size, kMaxReasonBytes)));
}

void Heartbeat(const cluster_host* host) {
  if (Contract::Check(host, kHeartbeat) != CLUSTER_OK) return;
  HostContext::From(host).page().heartbeat_ns.store(
      static_cast<uint64_t>(MonotonicNs()), std::memory_order_relaxed);
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
                                              .heartbeat = &Heartbeat};

constexpr cluster_thread_check_v1 kThreadCheckService = {
    .size = sizeof(cluster_thread_check_v1),
    .flags = 0,
    .is_loop_thread = &IsLoopThread};

}  // namespace cluster
