// PeakEwma: of two workers drawn at random, by weight, the one with the lower
// expected time: the moving average of the time that connections took there,
// which jumps to every peak at once, times one more than the connections in
// flight.
//
// Those in flight count for the less, the more the worker weighs: by its weight
// in mean weights. The one more counts in full, so that of idle workers the
// faster is picked, and not the heavier.
//
// The average falls toward zero while nothing is heard, so that a worker that
// was slow is tried again. A worker of which nothing is known and that is busy
// comes last; one that is idle comes first. Failures count as `tau`: a worker
// that fails fast is not a fast one, and the successor of one that died with
// its connections is not unknown. A report on several connections counts as one
// of their mean time.
//
// Sees a worker that is slow or pauses within one connection; means nothing
// where connections stay open for as long as clients like.
//
// Source: the Peak EWMA balancer of Twitter's Finagle (PeakEwma.scala), as also
// in linkerd; its tau is 10 s. Others of the name differ. The weights are ours.
//
// Thread safety: none, as every Policy.
//
//   PeakEwma policy(/*tau_ns=*/10e9, seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_PEAK_EWMA_H_
#define SCHEDULER_PEAK_EWMA_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/slot_column.h"
#include "scheduler/split_mix64.h"
#include "scheduler/view_memo.h"
#include "scheduler/weighted_draw.h"

namespace cluster {

class PeakEwma final : public Policy {
 public:
  static constexpr absl::string_view kName = "peak_ewma";
  static constexpr absl::string_view kRule =
      "of two drawn at random, the lower peak-sensitive mean time x load";
  static constexpr PolicyParameter kParameters[] = {
      TauParameter("how fast a peak is forgotten")};

  // `tau_ns` is above 0. Equal seeds give equal picks.
  PeakEwma(double tau_ns, uint64_t seed) : tau_ns_(tau_ns), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }
  bool weighs_idle() const override { return false; }
  bool wants_completions() const override { return true; }

  // O(1) while the view is the same.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;
  void OnCompleted(const Completions& completions) override;

 private:
  struct Ewma {
    double ns = 0;
    int64_t seen_ns = 0;
  };

  void FindMeanWeight(const Candidates& candidates);
  void Observe(Ewma& ewma, double ns, int64_t now_ns) const;
  double Cost(const Arrival& arrival, const Candidates& candidates, size_t row);

  const double tau_ns_;
  SlotColumn<Ewma, Heir::kBeginsAnew> ewmas_;
  ViewMemo view_;
  double mean_weight_ = 1;  // of the view
  WeightedDraw draw_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_PEAK_EWMA_H_
