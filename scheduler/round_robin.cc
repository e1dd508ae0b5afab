#include "scheduler/round_robin.h"

#include <algorithm>
#include <span>

namespace cluster {
namespace {

// True if `index` is where the first key not less than `key` stands.
bool IsLowerBound(std::span<const uint64_t> keys, size_t index, uint64_t key) {
  if (index >= keys.size()) return false;
  if (keys[index] < key) return false;
  return index == 0 || keys[index - 1] < key;
}

}  // namespace

size_t RoundRobin::Pick(const Arrival&, const Candidates& candidates) {
  const std::span<const uint64_t> keys = candidates.keys;
  size_t index = next_index_;
  if (!IsLowerBound(keys, index, next_key_)) {
    const auto found = std::lower_bound(keys.begin(), keys.end(), next_key_);
    index = found == keys.end() ? 0 : found - keys.begin();
  }
  // After the greatest possible key this wraps to 0, which is right.
  next_key_ = keys[index] + 1;
  next_index_ = index + 1;
  return index;
}

}  // namespace cluster
