// WeightedDraw: a row at random, as likely as its weight says. O(1).
//
// Source: the alias method of A. Walker, "An Efficient Method for Generating
// Discrete Random Variables", ACM TOMS 3(3), 1977, in whole numbers, so that
// shares are exact; built as M. Vose, IEEE TSE 17(9), 1991.
//
// Thread safety: none. Allocates only for more rows than ever before.
//
//   return draw.Draw(candidates, random);
#ifndef SCHEDULER_WEIGHTED_DRAW_H_
#define SCHEDULER_WEIGHTED_DRAW_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"
#include "scheduler/view_memo.h"

namespace cluster {

class WeightedDraw {
 public:
  // Whether weights differ, so that Draw() is not simply any row.
  bool Differ(const Candidates& candidates) {
    if (view_.Changed(candidates)) Build(candidates);
    return total_ != 0;
  }

  // O(1) while the view is the same, else O(n).
  size_t Draw(const Candidates& candidates, SplitMix64& random) {
    return Differ(candidates) ? DrawUnequal(random)
                              : random.Below(candidates.size());
  }

  // The same where Differ() has just said yes.
  size_t DrawUnequal(SplitMix64& random) const {
    const size_t row = random.Below(rows_.size());
    return random.Below(total_) < rows_[row].own ? row : rows_[row].alias;
  }

 private:
  struct Row {
    uint64_t own;  // of total_, what the row keeps of its share of the draws
    uint32_t alias;
  };

  void Build(const Candidates& candidates);

  ViewMemo view_;
  uint64_t total_ = 0;  // 0: all weights are equal
  std::vector<Row> rows_;
  std::vector<uint32_t> small_;
  std::vector<uint32_t> large_;
};

}  // namespace cluster

#endif  // SCHEDULER_WEIGHTED_DRAW_H_
