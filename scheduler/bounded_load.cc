#include "scheduler/bounded_load.h"

#include <numeric>
#include <span>

namespace cluster {
namespace {

double Sum(std::span<const uint32_t> column) {
  return static_cast<double>(
      std::accumulate(column.begin(), column.end(), uint64_t{0}));
}

}  // namespace

size_t BoundedLoad::Pick(const Arrival& arrival, const Candidates& candidates) {
  const uint64_t key = arrival.key != 0 ? arrival.key : random_.Next();
  // in_flight + 1 <= ceil(limit) is in_flight < limit. Rounding must not lift a
  // limit over a whole number; a worker at the mean or below is never full.
  constexpr double kRoundDown = 1 - 1e-12;
  const double limit = factor_ * (Sum(candidates.in_flight) + 1) /
                       Sum(candidates.weights) * kRoundDown;
  return score_.RowBelow(limit, Hash64(key ^ seed_), candidates);
}

}  // namespace cluster
