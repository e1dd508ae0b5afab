#include "scheduler/smooth_weighted_round_robin.h"

#include "scheduler/avx2.h"

namespace cluster {
namespace {

// Takes its weight from each debt, and returns the sum.
[[gnu::always_inline]] inline uint32_t Credit(uint32_t* debts,
                                              const uint32_t* weights,
                                              size_t rows) {
  uint32_t total = 0;
  for (size_t i = 0; i < rows; ++i) {
    debts[i] -= weights[i];
    total += weights[i];
  }
  return total;
}

uint32_t CreditPortably(uint32_t* debts, const uint32_t* weights, size_t rows) {
  return Credit(debts, weights, rows);
}

CLUSTER_AVX2 uint32_t CreditWithAvx2(uint32_t* debts,
                                     const uint32_t* weights,
                                     size_t rows) {
  return Credit(debts, weights, rows);
}

}  // namespace

size_t SmoothWeightedRoundRobin::Pick(const Arrival&,
                                      const Candidates& candidates) {
  const std::span<uint32_t> debts = debts_.Rows(candidates);
  const uint32_t total = (kHasAvx2 ? CreditWithAvx2 : CreditPortably)(
      debts.data(), candidates.weights.data(), debts.size());
  least_.Mark(debts);
  const size_t row = least_.Nth(0);
  debts[row] += total;
  return row;
}

}  // namespace cluster
