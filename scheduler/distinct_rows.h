// DistinctRows: random rows, none of them twice.
//
// Source: R. Floyd, in J. Bentley, "Programming Pearls: A Sample of
// Brilliance", CACM 30(9), 1987: each set of rows is as likely as any other.
//
// By weight they are drawn one by one, and one that was drawn before stands for
// any other; the first is exactly as likely as its weight says.
//
// Thread safety: none.
//
//   DistinctRows<16> drawn;
//   for (const uint32_t row : drawn.Draw(3, candidates.size(), random)) ...
#ifndef SCHEDULER_DISTINCT_ROWS_H_
#define SCHEDULER_DISTINCT_ROWS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"
#include "scheduler/weighted_draw.h"

namespace cluster {

template <size_t kMax>
class DistinctRows {
 public:
  // Returns `count` of the first `size` rows, or all if they are fewer. Valid
  // until the next call. REQUIRES: count <= kMax. O(count^2).
  std::span<const uint32_t> Draw(size_t count,
                                 size_t size,
                                 SplitMix64& random) {
    count = std::min(count, size);
    for (size_t i = 0; i < count; ++i) {
      const size_t last = size - count + i;
      uint32_t row = static_cast<uint32_t>(random.Below(last + 1));
      if (Has(row, i)) row = static_cast<uint32_t>(last);
      rows_[i] = row;
    }
    return {rows_.data(), count};
  }

  // The same of the candidates' rows, by weight, in the order of the draws.
  // REQUIRES: the draw has just said that weights differ.
  std::span<const uint32_t> DrawByWeight(size_t count,
                                         const Candidates& candidates,
                                         WeightedDraw& draw,
                                         SplitMix64& random) {
    const size_t size = candidates.size();
    count = std::min(count, size);
    for (size_t i = 0; i < count; ++i) {
      size_t row = draw.DrawUnequal(random);
      if (Has(row, i)) row = random.Below(size);
      while (Has(row, i)) row = row + 1 < size ? row + 1 : 0;
      rows_[i] = static_cast<uint32_t>(row);
    }
    return {rows_.data(), count};
  }

 private:
  // Whether the row is among the first `count` that were drawn.
  bool Has(size_t row, size_t count) const {
    const auto end = rows_.begin() + count;
    return std::find(rows_.begin(), end, row) != end;
  }

  std::array<uint32_t, kMax> rows_;
};

}  // namespace cluster

#endif  // SCHEDULER_DISTINCT_ROWS_H_
