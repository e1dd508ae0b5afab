#include "core/primary/telemetry/metric_family.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace cluster {
namespace {

// The shortest text that reads back as the same number.
std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return std::string(text, end);
}

std::string Number(const std::variant<uint64_t, double>& value) {
  const uint64_t* const count = std::get_if<uint64_t>(&value);
  return count != nullptr ? absl::StrCat(*count)
                          : Number(std::get<double>(value));
}

absl::string_view KindName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      break;
  }
  return "histogram";
}

uint64_t SaturatingSum(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

// Prometheus counts in each bucket what the smaller ones have, too.
void AppendHistogram(const MetricFamily& family, std::string* text) {
  uint64_t count = 0;
  for (size_t i = 0; i < family.buckets.size(); ++i) {
    count = SaturatingSum(count, family.buckets[i]);
    const std::string bound =
        i < family.bounds.size() ? Number(family.bounds[i]) : "+Inf";
    absl::StrAppend(
        text, family.name, "_bucket{le=\"", bound, "\"} ", count, "\n");
  }
  absl::StrAppend(text, family.name, "_sum ", Number(family.sum), "\n");
  absl::StrAppend(text, family.name, "_count ", count, "\n");
}

}  // namespace

std::string MetricLabel(absl::string_view name, absl::string_view value) {
  return absl::StrCat(
      name,
      "=\"",
      absl::StrReplaceAll(value,
                          {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
      "\"");
}

void AppendText(const MetricFamily& family, std::string* text) {
  const std::string help =
      absl::StrReplaceAll(family.help, {{"\\", "\\\\"}, {"\n", "\\n"}});
  if (!help.empty()) {
    absl::StrAppend(text, "# HELP ", family.name, " ", help, "\n");
  }
  absl::StrAppend(
      text, "# TYPE ", family.name, " ", KindName(family.kind), "\n");
  if (family.kind == MetricKind::kHistogram) {
    return AppendHistogram(family, text);
  }
  for (const MetricSample& sample : family.samples) {
    absl::StrAppend(text, family.name);
    if (!sample.labels.empty()) absl::StrAppend(text, "{", sample.labels, "}");
    absl::StrAppend(text, " ", Number(sample.value), "\n");
  }
}

std::string ToText(const std::vector<MetricFamily>& families) {
  std::string text;
  for (const MetricFamily& family : families) AppendText(family, &text);
  return text;
}

}  // namespace cluster
