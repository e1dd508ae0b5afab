// LeastRows: which rows of a column are the least, all of them.
//
// Policies that look at every worker fill or pass a column of loads, and draw
// among the rows that are least, by weight: a fixed order would send every
// connection of a quiet host to the same worker. Two passes over the column,
// eight rows at a time (AVX2 where there is), no branch on the data: find the
// least, then mark in a set of bits the rows that equal it. Where weights
// differ, loads are compared as fractions of 32 bits first, and only the rows
// that could be least exactly.
//
// Thread safety: none. Allocates only for more rows than ever before.
//
//   rows.Mark(candidates.in_flight, candidates);
//   return rows.Draw(candidates, random);
#ifndef SCHEDULER_LEAST_ROWS_H_
#define SCHEDULER_LEAST_ROWS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"
#include "scheduler/view_memo.h"
#include "scheduler/weighted_draw.h"

namespace cluster {

class LeastRows {
 public:
  // Marks the rows with the least load. REQUIRES: there is a row.
  void Mark(std::span<const uint32_t> loads);
  void Mark(std::span<const float> loads);  // not NaN
  // Marks the rows with the least loads[i] / weights[i] of the candidates,
  // compared exactly. REQUIRES: a load a candidate.
  void Mark(std::span<const uint32_t> loads, const Candidates& candidates);
  // Leaves, of the rows that Mark() has marked for these candidates, those with
  // the least loads[i] / weights[i]. Loads from 2^31 - 2 on are equal here.
  void Narrow(std::span<const uint32_t> loads, const Candidates& candidates);
  // Marks the rows that are at most `most`. There may be none, see count().
  void MarkUpTo(std::span<const uint32_t> column, uint32_t most);

  // Returns the first row that is at most `most`; the number of rows if none
  // is.
  static size_t FirstUpTo(std::span<const uint32_t> column, uint32_t most);

  // How many rows are marked: at least one, but after MarkUpTo().
  size_t count() const { return count_; }
  // Returns the n-th marked row, from 0. REQUIRES: n < count().
  size_t Nth(size_t n) const;
  // Calls `visit` with each marked row, in order.
  template <class Visit>
  void ForEach(Visit visit) const {
    size_t left = count_;
    for (size_t i = 0; left > 0; ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1, --left) {
        visit(i * 64 + static_cast<size_t>(std::countr_zero(word)));
      }
    }
  }
  // Returns a marked row, as likely among these as its weight says. REQUIRES:
  // the candidates are those that were marked.
  size_t Draw(const Candidates& candidates, SplitMix64& random) {
    if (count_ == 1) return Nth(0);
    if (!draw_.Differ(candidates)) return Nth(random.Below(count_));
    return DrawByWeight(candidates, random);
  }

 private:
  size_t DrawByWeight(const Candidates& candidates, SplitMix64& random);
  // Makes room for a mark a row.
  uint64_t* Reserve(size_t rows);
  void FindShares(const Candidates& candidates);
  void KeepLeast(std::span<const uint32_t> loads,
                 std::span<const uint32_t> weights);

  std::vector<uint64_t> words_;  // a bit a row
  size_t count_ = 0;
  WeightedDraw draw_;
  // Of the view.
  ViewMemo view_;
  bool equal_ = true;            // weights
  std::vector<float> inverses_;  // of weights that are not
  // Of a call.
  std::vector<uint32_t> costs_;
  std::vector<uint32_t> narrowed_;
};

}  // namespace cluster

#endif  // SCHEDULER_LEAST_ROWS_H_
