#include "tools/plugin_check/probe/telemetry_tables.h"

#include <atomic>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/control/metric_definition.h"
#include "core/worker/metric_registry.h"
#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/probe_rule.h"

namespace cluster {
namespace {

constexpr ProbeRule kWrite = {
    {CLUSTER_SERVICE_LOG_V1, "write", false, kCreatedToStopped}};
constexpr ProbeRule kCounter = {
    {CLUSTER_SERVICE_METRIC_V1, "counter", true, kCreatedToStarted},
    CLUSTER_E_LIMIT};
constexpr ProbeRule kGauge = {
    {CLUSTER_SERVICE_METRIC_V1, "gauge", true, kCreatedToStarted},
    CLUSTER_E_LIMIT};
constexpr ProbeRule kHistogram = {
    {CLUSTER_SERVICE_METRIC_V1, "histogram", true, kCreatedToStarted},
    CLUSTER_E_LIMIT};
constexpr ProbeRule kAdd = {
    {CLUSTER_SERVICE_METRIC_V1, "add", false, kCreatedToStopped}};
constexpr ProbeRule kSet = {
    {CLUSTER_SERVICE_METRIC_V1, "set", false, kCreatedToStopped}};
constexpr ProbeRule kObserve = {
    {CLUSTER_SERVICE_METRIC_V1, "observe", false, kCreatedToStopped}};
constexpr ProbeRule kReady = {
    {CLUSTER_SERVICE_HEALTH_V1, "ready", false, kCreatedToDraining},
    CLUSTER_E_SYSTEM};
constexpr ProbeRule kNotReady = {
    {CLUSTER_SERVICE_HEALTH_V1, "not_ready", false, kCreatedToDraining},
    CLUSTER_E_SYSTEM};
constexpr ProbeRule kHeartbeat = {
    {CLUSTER_SERVICE_HEALTH_V1, "heartbeat", false, kCreatedToStopped}};
constexpr ProbeRule kEnd = {
    {CLUSTER_SERVICE_HEALTH_V1, "end", false, kStartedToDraining},
    CLUSTER_E_FULL};
constexpr ProbeRule kIsLoopThread = {{CLUSTER_SERVICE_THREAD_CHECK_V1,
                                      "is_loop_thread",
                                      kAnyThread,
                                      kCreatedToStopped}};

bool IsText(const cluster_string& text) {
  return text.data != nullptr || text.size == 0;
}

void Write(const cluster_host* host, int32_t level, cluster_string message) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(host, kWrite) != CLUSTER_OK) return;
  if (!IsText(message)) guard.RefuseArgument(kWrite, "message is NULL");
  if (level < CLUSTER_LOG_DEBUG || level > CLUSTER_LOG_PLUGIN_MISBEHAVING) {
    guard.RefuseArgument(kWrite, "level is none of CLUSTER_LOG_*");
  }
}

// ---- cluster.metric/1

// By the rules of the host, and as many of them. The loop thread's.
MetricRegistry& Metrics() {
  static auto* const cells =
      new std::atomic<uint64_t>[CLUSTER_MAX_METRIC_CELLS]();
  static auto* const metrics =
      new MetricRegistry(cells, [](const MetricDefinition&) {});
  return *metrics;
}

cluster_status Make(const ProbeRule& rule,
                    const char* name,
                    const char* help,
                    MetricDefinition definition,
                    cluster_metric** metric) {
  CallGuard& guard = CallGuard::Get();
  if (name == nullptr) return guard.RefuseArgument(rule, "name is NULL");
  if (help == nullptr) return guard.RefuseArgument(rule, "help is NULL");
  if (metric == nullptr) return guard.RefuseArgument(rule, "metric is NULL");
  definition.name = name;
  definition.help = help;
  const absl::StatusOr<Metric*> made = Metrics().Make(std::move(definition));
  if (absl::IsResourceExhausted(made.status())) return CLUSTER_E_LIMIT;
  if (!made.ok()) return guard.RefuseArgument(rule, made.status().message());
  *metric = reinterpret_cast<cluster_metric*>(*made);
  return CLUSTER_OK;
}

template <const ProbeRule& kRule, MetricKind kKind>
cluster_status Plain(const cluster_host* host,
                     const char* name,
                     const char* help,
                     cluster_metric** metric) {
  if (const auto no = CallGuard::Get().Check(host, kRule)) return no;
  return Make(kRule, name, help, {.kind = kKind}, metric);
}

cluster_status Histogram(const cluster_host* host,
                         const char* name,
                         const char* help,
                         const double* bounds,
                         uint64_t count,
                         cluster_metric** metric) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kHistogram)) return no;
  if (bounds == nullptr) {
    return guard.RefuseArgument(kHistogram, "bounds is NULL");
  }
  if (count > kMaxMetricBounds) {
    return guard.RefuseArgument(kHistogram, "has more than 32 bounds");
  }
  return Make(
      kHistogram,
      name,
      help,
      {.kind = MetricKind::kHistogram, .bounds = {bounds, bounds + count}},
      metric);
}

template <const ProbeRule& kRule, MetricKind kKind, typename Value>
void Tell(cluster_metric* metric, Value value) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(kRule) != CLUSTER_OK) return;
  if (metric == nullptr) {
    guard.RefuseArgument(kRule, "metric is NULL");
  } else if (reinterpret_cast<Metric*>(metric)->definition().kind != kKind) {
    guard.RefuseArgument(kRule, "metric is of another kind");
  } else if (kKind == MetricKind::kHistogram &&
             !std::isfinite(static_cast<double>(value))) {
    guard.RefuseArgument(kRule, "value is not finite");
  }
}

// ---- cluster.health/1, cluster.thread_check/1

cluster_status Ready(const cluster_host* host) {
  return CallGuard::Get().Check(host, kReady);
}

cluster_status NotReady(const cluster_host* host, cluster_string reason) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kNotReady)) return no;
  if (reason.data == nullptr || reason.size == 0) {
    return guard.RefuseArgument(kNotReady, "gives no reason");
  }
  return CLUSTER_OK;
}

void Heartbeat(const cluster_host* host) {
  CallGuard::Get().Check(host, kHeartbeat);
}

// As by a host that takes its time: what follows is played by the scenarios.
cluster_status End(const cluster_host* host, uint8_t) {
  return CallGuard::Get().Check(host, kEnd);
}

uint8_t IsLoopThread(const cluster_host* host) {
  CallGuard& guard = CallGuard::Get();
  guard.Check(host, kIsLoopThread);
  return guard.on_loop_thread() ? 1 : 0;
}

}  // namespace

const cluster_log_v1 kProbeLog = {
    .size = sizeof(kProbeLog), .flags = 0, .write = &Write};

const cluster_metric_v1 kProbeMetric = {
    .size = sizeof(kProbeMetric),
    .flags = 0,
    .counter = &Plain<kCounter, MetricKind::kCounter>,
    .gauge = &Plain<kGauge, MetricKind::kGauge>,
    .histogram = &Histogram,
    .add = &Tell<kAdd, MetricKind::kCounter, uint64_t>,
    .set = &Tell<kSet, MetricKind::kGauge, double>,
    .observe = &Tell<kObserve, MetricKind::kHistogram, double>};

const cluster_health_v1 kProbeHealth = {.size = sizeof(kProbeHealth),
                                        .flags = 0,
                                        .ready = &Ready,
                                        .not_ready = &NotReady,
                                        .heartbeat = &Heartbeat,
                                        .end = &End};

const cluster_thread_check_v1 kProbeThreadCheck = {
    .size = sizeof(kProbeThreadCheck),
    .flags = 0,
    .is_loop_thread = &IsLoopThread};

}  // namespace cluster
