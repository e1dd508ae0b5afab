#include "scheduler/weighted_draw.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace cluster {

void WeightedDraw::Build(const Candidates& candidates) {
  const auto& weights = candidates.weights;
  total_ = 0;
  if (std::ranges::adjacent_find(weights, std::not_equal_to{}) ==
      weights.end()) {
    return;
  }
  total_ = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  rows_.resize(weights.size());
  small_.clear();
  large_.clear();
  for (uint32_t row = 0; row < weights.size(); ++row) {
    rows_[row] = {.own = uint64_t{weights[row]} * weights.size(), .alias = row};
    (rows_[row].own < total_ ? small_ : large_).push_back(row);
  }
  while (!small_.empty() && !large_.empty()) {
    const uint32_t small = small_.back();
    const uint32_t large = large_.back();
    small_.pop_back();
    rows_[small].alias = large;
    rows_[large].own -= total_ - rows_[small].own;
    if (rows_[large].own >= total_) continue;
    large_.pop_back();
    small_.push_back(large);
  }
}

}  // namespace cluster
