#include "core/worker/services/metric_service.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/control/metric_definition.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"
#include "core/worker/metric_registry.h"

namespace cluster {
namespace {

constexpr CallRule Making(absl::string_view function) {
  return {CLUSTER_SERVICE_METRIC_V1, function, kLoopThread, kCreatedToStarted};
}
constexpr CallRule Using(absl::string_view function) {
  return {CLUSTER_SERVICE_METRIC_V1, function, kAnyThread, kCreatedToStopped};
}
constexpr CallRule kCounter = Making("counter");
constexpr CallRule kGauge = Making("gauge");
constexpr CallRule kHistogram = Making("histogram");
constexpr CallRule kAdd = Using("add");
constexpr CallRule kSet = Using("set");
constexpr CallRule kObserve = Using("observe");

static_assert(kMaxMetricCells == CLUSTER_MAX_METRIC_CELLS);

cluster_status Make(const cluster_host* host,
                    const CallRule& rule,
                    const char* name,
                    const char* help,
                    MetricDefinition definition,
                    cluster_metric** metric) {
  if (name == nullptr) return Contract::Refuse(rule, "name is NULL");
  if (help == nullptr) return Contract::Refuse(rule, "help is NULL");
  if (metric == nullptr) return Contract::Refuse(rule, "metric is NULL");
  definition.name = name;
  definition.help = help;
  const absl::StatusOr<Metric*> made =
      HostContext::From(host).metrics().Make(std::move(definition));
  if (absl::IsResourceExhausted(made.status())) return CLUSTER_E_LIMIT;
  if (!made.ok()) return Contract::Refuse(rule, made.status().message());
  *metric = reinterpret_cast<cluster_metric*>(*made);
  return CLUSTER_OK;
}

cluster_status MakeCounter(const cluster_host* host,
                           const char* name,
                           const char* help,
                           cluster_metric** metric) {
  if (const auto no = Contract::Check(host, kCounter)) return no;
  return Make(
      host, kCounter, name, help, {.kind = MetricKind::kCounter}, metric);
}

cluster_status MakeGauge(const cluster_host* host,
                         const char* name,
                         const char* help,
                         cluster_metric** metric) {
  if (const auto no = Contract::Check(host, kGauge)) return no;
  return Make(host, kGauge, name, help, {.kind = MetricKind::kGauge}, metric);
}

cluster_status MakeHistogram(const cluster_host* host,
                             const char* name,
                             const char* help,
                             const double* bounds,
                             uint64_t count,
                             cluster_metric** metric) {
  if (const auto no = Contract::Check(host, kHistogram)) return no;
  if (bounds == nullptr) return Contract::Refuse(kHistogram, "bounds is NULL");
  if (count > kMaxMetricBounds) {
    return Contract::Refuse(kHistogram, "has more than 32 bounds");
  }
  return Make(
      host,
      kHistogram,
      name,
      help,
      {.kind = MetricKind::kHistogram, .bounds = {bounds, bounds + count}},
      metric);
}

// Returns the metric, null if the call is not to be done.
Metric* Use(const CallRule& rule, cluster_metric* metric, MetricKind kind) {
  if (Contract::Check(rule) != CLUSTER_OK) return nullptr;
  auto* const found = reinterpret_cast<Metric*>(metric);
  if (found == nullptr) {
    Contract::Refuse(rule, "its metric is NULL");
    return nullptr;
  }
  if (found->definition().kind != kind) {
    Contract::Refuse(rule, "its metric is of another kind");
    return nullptr;
  }
  return found;
}

void Add(cluster_metric* counter, uint64_t amount) {
  Metric* const metric = Use(kAdd, counter, MetricKind::kCounter);
  if (metric != nullptr) metric->Add(amount);
}

void Set(cluster_metric* gauge, double value) {
  Metric* const metric = Use(kSet, gauge, MetricKind::kGauge);
  if (metric != nullptr) metric->Set(value);
}

void Observe(cluster_metric* histogram, double value) {
  Metric* const metric = Use(kObserve, histogram, MetricKind::kHistogram);
  if (metric == nullptr) return;
  if (std::isfinite(value)) return metric->Observe(value);
  Contract::Refuse(kObserve, "its value is not finite");
}

}  // namespace

constexpr cluster_metric_v1 kMetricService = {.size = sizeof(cluster_metric_v1),
                                              .flags = 0,
                                              .counter = &MakeCounter,
                                              .gauge = &MakeGauge,
                                              .histogram = &MakeHistogram,
                                              .add = &Add,
                                              .set = &Set,
                                              .observe = &Observe};

}  // namespace cluster
