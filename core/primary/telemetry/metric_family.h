// MetricFamily: a metric with its values, and its text for Prometheus.
//
// The text format 0.0.4: prometheus.io/docs/instrumenting/exposition_formats.
//
// Thread safety: plain values and pure functions.
//
//   std::string text;
//   AppendText({.name = "up", .kind = MetricKind::kGauge, .samples = {{"",
//   1}}},
//              &text);
#ifndef CORE_PRIMARY_TELEMETRY_METRIC_FAMILY_H_
#define CORE_PRIMARY_TELEMETRY_METRIC_FAMILY_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/control/metric_definition.h"

namespace cluster {

struct MetricSample {
  std::string labels;  // as in the text, such as `state="lost"`, or empty
  std::variant<uint64_t, double> value;
};

struct MetricFamily {
  std::string name;
  std::string help = {};
  MetricKind kind = MetricKind::kCounter;
  std::vector<MetricSample> samples = {};  // of a counter or a gauge
  // Of a histogram: how many values fell into each bucket, one more than there
  // are bounds, and their sum.
  std::vector<double> bounds = {};
  std::vector<uint64_t> buckets = {};
  double sum = 0;
};

// Returns `name="value"`, for MetricSample::labels. REQUIRES: `value` is UTF-8.
std::string MetricLabel(absl::string_view name, absl::string_view value);

// Appends the family as lines of text. REQUIRES: the names are Prometheus's.
void AppendText(const MetricFamily& family, std::string* text);

// The same for all of them.
std::string ToText(const std::vector<MetricFamily>& families);

}  // namespace cluster

#endif  // CORE_PRIMARY_TELEMETRY_METRIC_FAMILY_H_
