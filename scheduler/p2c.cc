#include "scheduler/p2c.h"

#include "scheduler/distinct_rows.h"
#include "scheduler/two_rows.h"

namespace cluster {
namespace {

// True if row `a` has less load for its weight than row `b`. No overflow: a
// product is below 2^49.
inline bool Less(const Candidates& candidates, size_t a, size_t b) {
  return uint64_t{candidates.in_flight[a]} * candidates.weights[b] <
         uint64_t{candidates.in_flight[b]} * candidates.weights[a];
}

}  // namespace

size_t P2c::Pick(const Arrival&, const Candidates& candidates) {
  if (candidates.size() == 1) return 0;
  if (d_ == 2) {
    const auto [first, second] = DrawTwoRows(candidates, draw_, random_);
    return Less(candidates, second, first) ? second : first;
  }
  DistinctRows<kMaxDrawn> drawn;
  const bool by_weight = draw_.Differ(candidates);
  const auto rows = by_weight
                        ? drawn.DrawByWeight(d_, candidates, draw_, random_)
                        : drawn.Draw(d_, candidates.size(), random_);
  // Where the search begins decides between equals. Without weights rows are
  // drawn as a set.
  const size_t begin = by_weight ? 0 : random_.Below(rows.size());
  size_t least = rows[begin];
  for (size_t i = 1; i < rows.size(); ++i) {
    const size_t row = rows[(begin + i) % rows.size()];
    if (Less(candidates, row, least)) least = row;
  }
  return least;
}

}  // namespace cluster
