#include "scheduler/registry.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "scheduler/least_connections.h"
#include "scheduler/random.h"
#include "scheduler/round_robin.h"

namespace cluster {
namespace {

struct Row {
  absl::string_view name;
  std::unique_ptr<Policy> (*make)(uint64_t seed);
};

// Sorted by name.
constexpr Row kPolicies[] = {
    {LeastConnections::kName,
     [](uint64_t seed) -> std::unique_ptr<Policy> {
       return std::make_unique<LeastConnections>(seed);
     }},
    {Random::kName,
     [](uint64_t seed) -> std::unique_ptr<Policy> {
       return std::make_unique<Random>(seed);
     }},
    {RoundRobin::kName,
     [](uint64_t) -> std::unique_ptr<Policy> {
       return std::make_unique<RoundRobin>();
     }},
};

// More of an unknown name than this helps nobody.
constexpr size_t kMaxShownBytes = 64;

absl::Status UnknownPolicy(absl::string_view name) {
  const absl::string_view shown = name.substr(0, kMaxShownBytes);
  const absl::string_view nearest = NearestName(shown, PolicyNames());
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown policy \"",
      absl::CHexEscape(shown),
      shown.size() < name.size() ? "..." : "",
      "\"; ",
      nearest.empty() ? "" : absl::StrCat("did you mean \"", nearest, "\"? "),
      "Known: ",
      absl::StrJoin(PolicyNames(), ", ")));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view name,
                                                   uint64_t seed) {
  for (const Row& row : kPolicies) {
    if (row.name == name) return row.make(seed);
  }
  return UnknownPolicy(name);
}

std::vector<absl::string_view> PolicyNames() {
  std::vector<absl::string_view> names;
  for (const Row& row : kPolicies) names.push_back(row.name);
  return names;
}

}  // namespace cluster
