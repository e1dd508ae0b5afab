// DrawTwoRows: two different rows at random, each as likely as its weight says.
//
// By weight, or the light ones would be compared with each other most of the
// time, and get more than their shares whatever the comparison says. The first
// is exactly as likely; the second is any other where the first weighs so much
// that it is drawn again and again.
//
// Thread safety: a free function; none for the draw and the source.
//
//   const auto [first, second] = DrawTwoRows(candidates, draw, random);
#ifndef SCHEDULER_TWO_ROWS_H_
#define SCHEDULER_TWO_ROWS_H_

#include <cstddef>
#include <utility>

#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"
#include "scheduler/weighted_draw.h"

namespace cluster {

// REQUIRES: there are two rows. O(1) while the view is the same.
inline std::pair<size_t, size_t> DrawTwoRows(const Candidates& candidates,
                                             WeightedDraw& draw,
                                             SplitMix64& random) {
  constexpr int kTries = 4;
  const bool differ = draw.Differ(candidates);
  const size_t first =
      differ ? draw.DrawUnequal(random) : random.Below(candidates.size());
  for (int i = 0; differ && i < kTries; ++i) {
    const size_t second = draw.DrawUnequal(random);
    if (second != first) return {first, second};
  }
  const size_t second = random.Below(candidates.size() - 1);
  return {first, second >= first ? second + 1 : second};
}

}  // namespace cluster

#endif  // SCHEDULER_TWO_ROWS_H_
