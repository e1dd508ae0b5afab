#include "scheduler/policy_spec.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/nearest_name.h"

namespace cluster {
namespace {

// More of what is wrong than this helps nobody.
constexpr size_t kMaxShownBytes = 64;

std::string Show(absl::string_view text) {
  return absl::StrCat("\"",
                      absl::CHexEscape(text.substr(0, kMaxShownBytes)),
                      text.size() > kMaxShownBytes ? "...\"" : "\"");
}

absl::Status UnknownParameter(const PolicySpec& spec,
                              absl::string_view name,
                              std::span<const PolicyParameter> known) {
  std::vector<absl::string_view> names;
  for (const PolicyParameter& each : known) names.push_back(each.name);
  const std::string what =
      absl::StrCat("policy ", spec.name, " has no parameter ", Show(name));
  if (names.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(what, "; it has none"));
  }
  const absl::string_view nearest =
      NearestName(name.substr(0, kMaxShownBytes), names);
  return absl::InvalidArgumentError(absl::StrCat(
      what,
      "; ",
      nearest.empty() ? "" : absl::StrCat("did you mean \"", nearest, "\"? "),
      "Known: ",
      absl::StrJoin(names, ", ")));
}

}  // namespace

absl::StatusOr<PolicySpec> ParsePolicySpec(absl::string_view text) {
  const size_t colon = text.find(':');
  PolicySpec spec = {.name = text.substr(0, colon), .parameters = {}};
  if (colon == absl::string_view::npos) return spec;
  for (absl::string_view each : absl::StrSplit(text.substr(colon + 1), ',')) {
    const size_t equals = each.find('=');
    if (equals == 0 || equals == absl::string_view::npos ||
        equals + 1 == each.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("a policy is written NAME:PARAMETER=VALUE,..., and ",
                       Show(each),
                       " is no PARAMETER=VALUE"));
    }
    const absl::string_view name = each.substr(0, equals);
    for (const auto& [before, value] : spec.parameters) {
      if (before == name) {
        return absl::InvalidArgumentError(
            absl::StrCat("the policy parameter ", Show(name), " stands twice"));
      }
    }
    spec.parameters.emplace_back(name, each.substr(equals + 1));
  }
  return spec;
}

absl::StatusOr<std::vector<double>> ReadParameters(
    const PolicySpec& spec, std::span<const PolicyParameter> known) {
  std::vector<double> values;
  for (const PolicyParameter& each : known) values.push_back(each.standard);
  for (const auto& [name, text] : spec.parameters) {
    const auto found =
        std::find_if(known.begin(), known.end(), [name = name](const auto& p) {
          return p.name == name;
        });
    if (found == known.end()) return UnknownParameter(spec, name, known);
    const absl::StatusOr<double> value = ReadParameter(*found, text);
    if (!value.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("policy ", spec.name, ": ", value.status().message()));
    }
    values[found - known.begin()] = *value;
  }
  return values;
}

}  // namespace cluster
