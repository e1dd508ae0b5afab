// SmoothWeightedRoundRobin: each worker in turn, as often as its weight says,
// without bursts: for weights 5, 1, 1 the order is a a b a c a a.
//
// Each pick adds to every worker's credit its weight, takes the worker with the
// most credit, the first of equals, and takes the sum of the weights from it.
// So over a sum of picks each is taken exactly as often as its weight, and on
// the way is hardly more than one pick from its share: of a dozen workers, 1.35
// is the most that a search has found. It ignores load.
//
// Credit is kept by slot: a worker that is away keeps its own, and a slot's
// next worker inherits it. It is counted in picks, of which no more than two
// are owed to anybody: where weights change, or a heavy worker leaves, the rest
// go on as they would have, and nobody is paid back in a burst.
//
// Source: nginx, ngx_http_upstream_round_robin (Maxim Dounin, 2012). Two things
// differ: nginx counts credit in units of weight and forgets it when workers or
// weights change; and failures are the business of eligibility here.
//
// Thread safety: none, as every Policy.
//
//   SmoothWeightedRoundRobin policy;
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_SMOOTH_WEIGHTED_ROUND_ROBIN_H_
#define SCHEDULER_SMOOTH_WEIGHTED_ROUND_ROBIN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/least_rows.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/slot_column.h"
#include "scheduler/view_memo.h"

namespace cluster {

class SmoothWeightedRoundRobin final : public Policy {
 public:
  static constexpr absl::string_view kName = "smooth_weighted_round_robin";
  static constexpr absl::string_view kRule =
      "each worker in turn, as often as its weight says, without bursts";
  static constexpr std::span<const PolicyParameter> kParameters = {};

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return false; }

  // O(n). REQUIRES: the sum of the weights is at most 2^29.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  // A debt is credit from the other side: the least debt is the most credit. As
  // unsigned numbers around the middle they compare as loads do.
  static constexpr uint32_t kNoDebt = uint32_t{1} << 31;

  // Finds incomes and price: weights, all multiplied so that the price of a
  // pick, which is their sum, is nearly the same for any weights.
  void Reckon(const Candidates& candidates, std::span<uint32_t> debts);

  SlotColumn<uint32_t, Heir::kInherits> debts_{kNoDebt};
  // Of the view.
  ViewMemo view_;
  std::vector<uint32_t> incomes_;  // a row, at each pick
  uint32_t price_ = 0;
  LeastRows least_;
};

}  // namespace cluster

#endif  // SCHEDULER_SMOOTH_WEIGHTED_ROUND_ROBIN_H_
