// DistinctRows: random rows, none of them twice.
//
// Source: R. Floyd, in J. Bentley, "Programming Pearls: A Sample of
// Brilliance", CACM 30(9), 1987: each set of rows is as likely as any other.
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

#include "scheduler/split_mix64.h"

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
      const auto end = rows_.begin() + i;
      if (std::find(rows_.begin(), end, row) != end) {
        row = static_cast<uint32_t>(last);
      }
      rows_[i] = row;
    }
    return {rows_.data(), count};
  }

 private:
  std::array<uint32_t, kMax> rows_;
};

}  // namespace cluster

#endif  // SCHEDULER_DISTINCT_ROWS_H_
