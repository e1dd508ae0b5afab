// MetricDefinition: what a metric of a plugin is, as the worker tells the
// primary. Its values are cells of the SlotPage.
//
// A counter and a gauge have one cell: a count, the bits of a double. A
// histogram has one for each bound and one more, with how many values were at
// most that (and more than the one before), then the bits of their sum.
//
// Thread safety: plain values and pure functions.
#ifndef CORE_CONTROL_METRIC_DEFINITION_H_
#define CORE_CONTROL_METRIC_DEFINITION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace cluster {

inline constexpr size_t kMaxMetricBounds = 32;
inline constexpr size_t kMaxMetricNameBytes = 128;
inline constexpr size_t kMaxMetricHelpBytes = 1024;

enum class MetricKind : uint8_t { kCounter = 0, kGauge = 1, kHistogram = 2 };

struct MetricDefinition {
  std::string name = {};
  std::string help = {};
  MetricKind kind = MetricKind::kCounter;
  uint32_t first_cell = 0;
  std::vector<double> bounds = {};  // of a histogram

  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, help, kind, first_cell, bounds);
  }

  size_t cell_count() const {
    return kind == MetricKind::kHistogram ? bounds.size() + 2 : 1;
  }
  // True if values of the two add up; cells and help do not matter.
  bool same_as(const MetricDefinition& other) const {
    return name == other.name && kind == other.kind && bounds == other.bounds;
  }
};

// Says in which way a definition is none, beginning with what is wrong: "its
// name is ...". Cells are not looked at. kInvalidArgument.
absl::Status CheckMetric(const MetricDefinition& definition);

// True if both cannot be shown together: a histogram called x also gives
// x_bucket, x_count and x_sum.
bool names_clash(const MetricDefinition& a, const MetricDefinition& b);

}  // namespace cluster

#endif  // CORE_CONTROL_METRIC_DEFINITION_H_
