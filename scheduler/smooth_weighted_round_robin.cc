#include "scheduler/smooth_weighted_round_robin.h"

#include <algorithm>
#include <numeric>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

// About what a pick costs, whatever the weights are.
constexpr uint64_t kPrice = uint64_t{1} << 28;

// Takes its income from each debt.
[[gnu::always_inline]] inline void Credit(uint32_t* debts,
                                          const uint32_t* incomes,
                                          size_t rows) {
  for (size_t i = 0; i < rows; ++i) debts[i] -= incomes[i];
}

void CreditPortably(uint32_t* debts, const uint32_t* incomes, size_t rows) {
  Credit(debts, incomes, rows);
}

CLUSTER_AVX2 void CreditWithAvx2(uint32_t* debts,
                                 const uint32_t* incomes,
                                 size_t rows) {
  Credit(debts, incomes, rows);
}

}  // namespace

void SmoothWeightedRoundRobin::Reckon(const Candidates& candidates,
                                      std::span<uint32_t> debts) {
  const uint64_t total = std::accumulate(
      candidates.weights.begin(), candidates.weights.end(), uint64_t{0});
  const uint64_t factor = std::max<uint64_t>(kPrice / total, 1);
  price_ = static_cast<uint32_t>(total * factor);
  incomes_.clear();
  for (const uint32_t weight : candidates.weights) {
    incomes_.push_back(static_cast<uint32_t>(weight * factor));
  }
  // Who leaves takes its debt along, and so may leave all others in debt.
  const uint32_t most = 2 * std::max(price_, static_cast<uint32_t>(kPrice));
  for (uint32_t& debt : debts) {
    debt = std::clamp(debt, kNoDebt - most, kNoDebt + most);
  }
}

size_t SmoothWeightedRoundRobin::Pick(const Arrival&,
                                      const Candidates& candidates) {
  const std::span<uint32_t> debts = debts_.Rows(candidates);
  if (view_.Changed(candidates)) Reckon(candidates, debts);
  (kHasAvx2 ? CreditWithAvx2 : CreditPortably)(
      debts.data(), incomes_.data(), debts.size());
  least_.Mark(debts);
  const size_t row = least_.Nth(0);
  debts[row] += price_;
  return row;
}

}  // namespace cluster
