#include "scheduler/bounded_load.h"

#include <span>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

[[gnu::always_inline]] inline uint64_t Add(const uint32_t* column,
                                           size_t rows) {
  uint64_t sum = 0;
  for (size_t i = 0; i < rows; ++i) sum += column[i];
  return sum;
}

uint64_t AddPortably(const uint32_t* column, size_t rows) {
  return Add(column, rows);
}

CLUSTER_AVX2 uint64_t AddWithAvx2(const uint32_t* column, size_t rows) {
  return Add(column, rows);
}

double Sum(std::span<const uint32_t> column) {
  return static_cast<double>(
      (kHasAvx2 ? AddWithAvx2 : AddPortably)(column.data(), column.size()));
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
