#include "scheduler/p2c.h"

#include <utility>

#include "scheduler/distinct_rows.h"

namespace cluster {
namespace {

// True if row `a` has less load for its weight than row `b`. No overflow: a
// product is below 2^49.
inline bool Less(const Candidates& candidates, size_t a, size_t b) {
  return uint64_t{candidates.in_flight[a]} * candidates.weights[b] <
         uint64_t{candidates.in_flight[b]} * candidates.weights[a];
}

size_t LeastOfTwo(const Candidates& candidates, SplitMix64& random) {
  const size_t first = random.Below(candidates.size());
  size_t second = random.Below(candidates.size() - 1);
  if (second >= first) ++second;
  return Less(candidates, second, first) ? second : first;
}

}  // namespace

size_t P2c::Pick(const Arrival&, const Candidates& candidates) {
  if (candidates.size() == 1) return 0;
  if (d_ == 2) return LeastOfTwo(candidates, random_);
  DistinctRows<kMaxDrawn> drawn;
  const auto rows = drawn.Draw(d_, candidates.size(), random_);
  // Rows are drawn as a set; where the search begins decides between equals.
  const size_t begin = random_.Below(rows.size());
  size_t least = rows[begin];
  for (size_t i = 1; i < rows.size(); ++i) {
    const size_t row = rows[(begin + i) % rows.size()];
    if (Less(candidates, row, least)) least = row;
  }
  return least;
}

}  // namespace cluster
