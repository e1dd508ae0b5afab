// MetricRegistry: the metrics that the plugin of this worker has made, and
// their cells.
//
// Thread safety: Make on one thread; the functions of a Metric on any.
// Lifetime: metrics live as long as the registry.
//
//   ASSIGN_OR_RETURN(Metric* const requests, registry.Make(definition));
//   requests->Add(1);
#ifndef CORE_WORKER_METRIC_REGISTRY_H_
#define CORE_WORKER_METRIC_REGISTRY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/control/metric_definition.h"
#include "core/scoreboard/slot_page.h"

namespace cluster {

class Metric {
 public:
  // The metric writes to `cells`, definition.cell_count() of them.
  Metric(MetricDefinition definition, std::atomic<uint64_t>* cells)
      : definition_(std::move(definition)), cells_(cells) {}

  const MetricDefinition& definition() const { return definition_; }

  // REQUIRES: a counter, a gauge, a histogram; `value` is a number.
  void Add(uint64_t amount) {
    cells_->fetch_add(amount, std::memory_order_relaxed);
  }
  void Set(double value);
  void Observe(double value);

 private:
  const MetricDefinition definition_;
  std::atomic<uint64_t>* const cells_;
};

class MetricRegistry {
 public:
  // `cells` are kMaxMetricCells; `made` is called for each new metric.
  MetricRegistry(std::atomic<uint64_t>* cells,
                 std::function<void(const MetricDefinition&)> made)
      : cells_(cells), made_(std::move(made)) {}

  // Makes the metric, or finds the one that is the same; first_cell is chosen
  // here.
  //   kInvalidArgument    CheckMetric()'s reason, or the name is taken
  //   kResourceExhausted  too few cells are left
  absl::StatusOr<Metric*> Make(MetricDefinition definition);

 private:
  std::atomic<uint64_t>* const cells_;
  const std::function<void(const MetricDefinition&)> made_;
  size_t used_ = 0;
  std::vector<std::unique_ptr<Metric>> metrics_;
};

}  // namespace cluster

#endif  // CORE_WORKER_METRIC_REGISTRY_H_
