#include "core/base/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace cluster {
namespace {

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// Who typed the first half of a name, or more, most likely meant to go on.
bool BeginsWith(absl::string_view name, absl::string_view typed) {
  return 2 * typed.size() >= name.size() &&
         name.substr(0, typed.size()) == typed;
}

bool IsNear(absl::string_view typed, absl::string_view name, size_t distance) {
  if (3 * distance <= std::max(typed.size(), name.size())) return true;
  return BeginsWith(name, typed);
}

}  // namespace

absl::string_view NearestName(absl::string_view typed,
                              const std::vector<absl::string_view>& names) {
  absl::string_view nearest;
  size_t least = 0;
  for (const absl::string_view name : names) {
    size_t distance = EditDistance(typed, name);
    if (BeginsWith(name, typed)) distance = std::min<size_t>(distance, 1);
    if (!IsNear(typed, name, distance)) continue;
    if (!nearest.empty() && distance >= least) continue;
    nearest = name;
    least = distance;
  }
  return nearest;
}

}  // namespace cluster
