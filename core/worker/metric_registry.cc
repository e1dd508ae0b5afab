#include "core/worker/metric_registry.h"

#include <algorithm>
#include <bit>

#include "core/base/status_macros.h"

namespace cluster {

void Metric::Set(double value) {
  cells_->store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed);
}

void Metric::Observe(double value) {
  const std::vector<double>& bounds = definition_.bounds;
  const size_t bucket =
      std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  cells_[bucket].fetch_add(1, std::memory_order_relaxed);
  std::atomic<uint64_t>& sum = cells_[bounds.size() + 1];
  uint64_t seen = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(
      seen,
      std::bit_cast<uint64_t>(std::bit_cast<double>(seen) + value),
      std::memory_order_relaxed)) {
  }
}

absl::StatusOr<Metric*> MetricRegistry::Make(MetricDefinition definition) {
  RETURN_IF_ERROR(CheckMetric(definition));
  for (const auto& metric : metrics_) {
    if (metric->definition().same_as(definition)) return metric.get();
    if (names_clash(metric->definition(), definition)) {
      return absl::InvalidArgumentError("another metric has its name");
    }
  }
  if (definition.cell_count() > kMaxMetricCells - used_) {
    return absl::ResourceExhaustedError("no cells are left");
  }
  definition.first_cell = static_cast<uint32_t>(used_);
  std::atomic<uint64_t>* const cells = cells_ + used_;
  used_ += definition.cell_count();
  metrics_.push_back(std::make_unique<Metric>(std::move(definition), cells));
  made_(metrics_.back()->definition());
  return metrics_.back().get();
}

}  // namespace cluster
