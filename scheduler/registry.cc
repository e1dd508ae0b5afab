#include "scheduler/registry.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

// Returns how many letters must be inserted, removed or replaced to turn `a`
// into `b`. Source: V. Levenshtein, 1966; row by row as R. Wagner and
// M. Fischer, "The String-to-String Correction Problem", J. ACM 21(1), 1974.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// Returns the known name that is nearest to `name`, empty if none has more in
// common with it than a letter or two by chance.
absl::string_view Nearest(absl::string_view name) {
  absl::string_view nearest;
  size_t least = name.size();
  for (const Row& row : kPolicies) {
    const size_t distance = EditDistance(name, row.name);
    if (2 * distance > row.name.size() || distance >= least) continue;
    nearest = row.name;
    least = distance;
  }
  return nearest;
}

absl::Status UnknownPolicy(absl::string_view name) {
  const absl::string_view shown = name.substr(0, kMaxShownBytes);
  const absl::string_view nearest = Nearest(shown);
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
