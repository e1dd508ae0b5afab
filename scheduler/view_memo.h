// ViewMemo: whether keys, slots, weights and their unit are those of the last
// view.
//
// A policy that works something out from them asks here before it does so anew.
//
// Thread safety: none.
//
//   if (memo_.Changed(candidates)) Build(candidates);
#ifndef SCHEDULER_VIEW_MEMO_H_
#define SCHEDULER_VIEW_MEMO_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "scheduler/policy.h"

namespace cluster {

class ViewMemo {
 public:
  // Returns whether they have changed since the last call, or may have. O(1) if
  // views have versions, else O(n).
  bool Changed(const Candidates& candidates) {
    const uint64_t version = candidates.version;
    if (version != 0 && version == version_) [[likely]] {
      return false;
    }
    return Remember(candidates);
  }

 private:
  // Returns whether they differ from what was remembered.
  [[gnu::noinline]] bool Remember(const Candidates& candidates) {
    if (candidates.version == 0 && Equal(candidates)) return false;
    version_ = candidates.version;
    weight_unit_ = candidates.weight_unit;
    keys_.clear();
    slots_.clear();
    weights_.clear();
    if (version_ != 0) return true;
    keys_.assign(candidates.keys.begin(), candidates.keys.end());
    slots_.assign(candidates.slots.begin(), candidates.slots.end());
    weights_.assign(candidates.weights.begin(), candidates.weights.end());
    return true;
  }

  bool Equal(const Candidates& candidates) const {
    return std::ranges::equal(candidates.keys, keys_) &&
           std::ranges::equal(candidates.slots, slots_) &&
           std::ranges::equal(candidates.weights, weights_) &&
           candidates.weight_unit == weight_unit_;
  }

  uint64_t version_ = 0;
  // Of a view without a version.
  double weight_unit_ = 0;
  std::vector<uint64_t> keys_;
  std::vector<uint32_t> slots_;
  std::vector<uint32_t> weights_;
};

}  // namespace cluster

#endif  // SCHEDULER_VIEW_MEMO_H_
