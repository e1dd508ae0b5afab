// LeastRows: which rows of a column are the least, all of them.
//
// Policies that look at every worker fill or pass a column of loads, and draw
// among the rows that are least: a fixed order would send every connection of a
// quiet host to the same worker. Two passes over the column, eight rows at a
// time (AVX2 where there is), no branch on the data: find the least, then mark
// in a set of bits the rows that equal it.
//
// Thread safety: none. Allocates only for more rows than ever before.
//
//   rows.Mark(candidates.in_flight, candidates.weights);
//   return rows.Draw(random);
#ifndef SCHEDULER_LEAST_ROWS_H_
#define SCHEDULER_LEAST_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/split_mix64.h"

namespace cluster {

class LeastRows {
 public:
  // Marks the rows with the least load. REQUIRES: there is a row.
  void Mark(std::span<const uint32_t> loads);
  void Mark(std::span<const float> loads);  // not NaN
  // Marks the rows with the least loads[i] / weights[i], compared exactly.
  // REQUIRES: columns of one length; weights from 1 to 65,536.
  void Mark(std::span<const uint32_t> loads, std::span<const uint32_t> weights);

  // How many rows are marked, at least one.
  size_t count() const { return count_; }
  // Returns the n-th marked row, from 0. REQUIRES: n < count().
  size_t Nth(size_t n) const;
  // Returns a marked row, each as likely as any other.
  size_t Draw(SplitMix64& random) const {
    return Nth(count_ == 1 ? 0 : random.Below(count_));
  }

 private:
  // Makes room for a mark a row.
  uint64_t* Reserve(size_t rows);

  std::vector<uint64_t> words_;  // a bit a row
  size_t count_ = 0;
};

}  // namespace cluster

#endif  // SCHEDULER_LEAST_ROWS_H_
