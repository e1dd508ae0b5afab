#include "scheduler/round_robin.h"

#include <algorithm>

namespace cluster {
namespace {

// True if `index` is where the first key not less than `key` stands.
bool IsLowerBound(std::span<const Candidate> candidates,
                  size_t index,
                  uint64_t key) {
  if (index >= candidates.size()) return false;
  if (candidates[index].key < key) return false;
  return index == 0 || candidates[index - 1].key < key;
}

}  // namespace

size_t RoundRobin::Pick(std::span<const Candidate> candidates) {
  size_t index = next_index_;
  if (!IsLowerBound(candidates, index, next_key_)) {
    const auto found = std::lower_bound(
        candidates.begin(),
        candidates.end(),
        next_key_,
        [](const Candidate& c, uint64_t key) { return c.key < key; });
    index = found == candidates.end() ? 0 : found - candidates.begin();
  }
  // After the greatest possible key this wraps to 0, which is right.
  next_key_ = candidates[index].key + 1;
  next_index_ = index + 1;
  return index;
}

}  // namespace cluster
