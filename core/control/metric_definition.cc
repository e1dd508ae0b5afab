#include "core/control/metric_definition.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace cluster {
namespace {

constexpr absl::string_view kReserved = "cluster_";

bool is_name(absl::string_view name) {
  if (name.empty() || name.size() > kMaxMetricNameBytes) return false;
  if (absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           c == ':';
  });
}

absl::Status CheckBounds(const std::vector<double>& bounds) {
  if (bounds.empty() || bounds.size() > kMaxMetricBounds) {
    return absl::InvalidArgumentError("it has not 1 to 32 bounds");
  }
  const bool finite = std::all_of(
      bounds.begin(), bounds.end(), [](double b) { return std::isfinite(b); });
  const bool ascending =
      std::adjacent_find(bounds.begin(),
                         bounds.end(),
                         std::greater_equal<double>()) == bounds.end();
  if (finite && ascending) return absl::OkStatus();
  return absl::InvalidArgumentError("its bounds are not finite and ascending");
}

bool takes_name_of(const MetricDefinition& histogram, absl::string_view name) {
  return histogram.kind == MetricKind::kHistogram &&
         absl::ConsumePrefix(&name, histogram.name) &&
         (name == "_bucket" || name == "_count" || name == "_sum");
}

}  // namespace

absl::Status CheckMetric(const MetricDefinition& definition) {
  const absl::string_view name = definition.name;
  if (!is_name(name)) {
    return absl::InvalidArgumentError(
        "its name is not of [a-zA-Z_:][a-zA-Z0-9_:]*, at most 128 bytes");
  }
  if (absl::StartsWith(name, kReserved)) {
    return absl::InvalidArgumentError(
        "its name begins with cluster_, as only the host's own do");
  }
  if (definition.kind > MetricKind::kHistogram) {
    return absl::InvalidArgumentError("its kind is none");
  }
  const bool total = absl::EndsWith(name, "_total");
  if (total != (definition.kind == MetricKind::kCounter)) {
    return absl::InvalidArgumentError(
        "a counter's name ends in _total, and no other's does");
  }
  const absl::string_view help = definition.help;
  if (help.size() > kMaxMetricHelpBytes ||
      std::any_of(help.begin(), help.end(), [](char c) {
        return absl::ascii_iscntrl(static_cast<unsigned char>(c));
      })) {
    return absl::InvalidArgumentError(
        "its help is not one line of at most 1024 bytes");
  }
  if (definition.kind == MetricKind::kHistogram) {
    return CheckBounds(definition.bounds);
  }
  return definition.bounds.empty()
             ? absl::OkStatus()
             : absl::InvalidArgumentError("it has bounds and is no histogram");
}

bool names_clash(const MetricDefinition& a, const MetricDefinition& b) {
  return a.name == b.name || takes_name_of(a, b.name) ||
         takes_name_of(b, a.name);
}

}  // namespace cluster
