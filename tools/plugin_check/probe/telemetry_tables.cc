#include "tools/plugin_check/probe/telemetry_tables.h"

#include <cctype>
#include <map>
#include <mutex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/probe_rule.h"

namespace cluster {
namespace {

// What a cluster_metric* points to here.
struct ProbeMetric {
  enum Kind { kCounter, kGauge, kHistogram } kind;
};

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
constexpr ProbeRule kIsLoopThread = {{CLUSTER_SERVICE_THREAD_CHECK_V1,
                                      "is_loop_thread",
                                      kAnyThread,
                                      kCreatedToStopped}};

constexpr uint64_t kMaxBuckets = 32;
constexpr size_t kMaxNameBytes = 128;

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

struct Metrics {
  std::mutex mutex;
  std::map<std::string, ProbeMetric> by_name;  // by mutex
};

Metrics& AllMetrics() {
  static auto* const metrics = new Metrics();
  return *metrics;
}

bool IsMetricName(const char* name) {
  const absl::string_view start = absl::NullSafeStringView(name);
  const size_t size = start.size();
  if (name == nullptr || *name == '\0' || std::isdigit(*name)) return false;
  for (; *name != '\0'; ++name) {
    if (!std::isalnum(static_cast<unsigned char>(*name)) && *name != '_' &&
        *name != ':') {
      return false;
    }
  }
  return size <= kMaxNameBytes && !absl::StartsWith(start, "cluster_");
}

cluster_status Make(const ProbeRule& rule,
                    ProbeMetric::Kind kind,
                    const char* name,
                    cluster_metric** metric) {
  CallGuard& guard = CallGuard::Get();
  if (!IsMetricName(name)) {
    return guard.RefuseArgument(rule, "name is no name of a metric");
  }
  if ((kind == ProbeMetric::kCounter) != absl::EndsWith(name, "_total")) {
    return guard.RefuseArgument(
        rule, "a counter's name ends in _total, and no other's does");
  }
  if (metric == nullptr) return guard.RefuseArgument(rule, "metric is NULL");
  Metrics& metrics = AllMetrics();
  const std::lock_guard lock(metrics.mutex);
  ProbeMetric& found =
      metrics.by_name.try_emplace(name, ProbeMetric{kind}).first->second;
  if (found.kind != kind) {
    return guard.RefuseArgument(rule, "another kind has the name");
  }
  *metric = reinterpret_cast<cluster_metric*>(&found);
  return CLUSTER_OK;
}

template <const ProbeRule& kRule, ProbeMetric::Kind kKind>
cluster_status Plain(const cluster_host* host,
                     const char* name,
                     const char*,
                     cluster_metric** metric) {
  if (const auto no = CallGuard::Get().Check(host, kRule)) return no;
  return Make(kRule, kKind, name, metric);
}

cluster_status Histogram(const cluster_host* host,
                         const char* name,
                         const char*,
                         const double* bounds,
                         uint64_t count,
                         cluster_metric** metric) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kHistogram)) return no;
  if (count > kMaxBuckets || (bounds == nullptr && count > 0)) {
    return guard.RefuseArgument(kHistogram, "more than 32 bounds, or NULL");
  }
  for (uint64_t i = 1; i < count; ++i) {
    if (bounds[i - 1] >= bounds[i]) {
      return guard.RefuseArgument(kHistogram, "bounds do not ascend");
    }
  }
  return Make(kHistogram, ProbeMetric::kHistogram, name, metric);
}

template <const ProbeRule& kRule, ProbeMetric::Kind kKind, typename Value>
void Tell(cluster_metric* metric, Value) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(kRule) != CLUSTER_OK) return;
  if (metric == nullptr) {
    guard.RefuseArgument(kRule, "metric is NULL");
  } else if (reinterpret_cast<ProbeMetric*>(metric)->kind != kKind) {
    guard.RefuseArgument(kRule, "metric is of another kind");
  }
}

// ---- cluster.health/1, cluster.thread_check/1

cluster_status Ready(const cluster_host* host) {
  return CallGuard::Get().Check(host, kReady);
}

cluster_status NotReady(const cluster_host* host, cluster_string reason) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kNotReady)) return no;
  if (!IsText(reason)) return guard.RefuseArgument(kNotReady, "reason is NULL");
  return CLUSTER_OK;
}

void Heartbeat(const cluster_host* host) {
  CallGuard::Get().Check(host, kHeartbeat);
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
    .counter = &Plain<kCounter, ProbeMetric::kCounter>,
    .gauge = &Plain<kGauge, ProbeMetric::kGauge>,
    .histogram = &Histogram,
    .add = &Tell<kAdd, ProbeMetric::kCounter, uint64_t>,
    .set = &Tell<kSet, ProbeMetric::kGauge, double>,
    .observe = &Tell<kObserve, ProbeMetric::kHistogram, double>};

const cluster_health_v1 kProbeHealth = {.size = sizeof(kProbeHealth),
                                        .flags = 0,
                                        .ready = &Ready,
                                        .not_ready = &NotReady,
                                        .heartbeat = &Heartbeat};

const cluster_thread_check_v1 kProbeThreadCheck = {
    .size = sizeof(kProbeThreadCheck),
    .flags = 0,
    .is_loop_thread = &IsLoopThread};

}  // namespace cluster
