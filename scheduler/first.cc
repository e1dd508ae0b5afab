#include "scheduler/first.h"

#include <algorithm>

namespace cluster {
namespace {

inline bool HasRoom(const Candidates& candidates, size_t row, uint64_t cap) {
  return candidates.in_flight[row] <
         std::min<uint64_t>(cap * candidates.weights[row],
                            candidates.capacities[row]);
}

}  // namespace

size_t First::Pick(const Arrival&, const Candidates& candidates) {
  // So many rows at once that the loop within is worth its vectors.
  constexpr size_t kBlock = 16;
  const size_t rows = candidates.size();
  size_t row = 0;
  for (; row + kBlock <= rows; row += kBlock) {
    bool any = false;
    for (size_t i = 0; i < kBlock; ++i) {
      any |= HasRoom(candidates, row + i, cap_);
    }
    if (any) break;
  }
  for (; row < rows; ++row) {
    if (HasRoom(candidates, row, cap_)) return row;
  }
  least_.Mark(candidates.in_flight, candidates);
  return least_.Draw(random_);
}

}  // namespace cluster
