// LeastWork: the worker with the least work left for its weight.
//
// Where the work that is left is known (a simulator), that is compared as it
// is: with equal weights the waits are those of one central queue, path by
// path. Else it is the connections in flight times the mean time that
// connections took on the worker of late; a worker that has finished none yet
// counts as the mean of those that have. Among equals, such as several idle
// ones, any by weight.
//
// Use it where the time of connections differs between workers. It says nothing
// where connections stay open for as long as clients like.
//
// Source: least work left, M. Harchol-Balter, "Performance Modeling and Design
// of Computer Systems", 2013, chapter 24; its equality with the central queue,
// chapter 24 and S. Foss, 1980.
//
// Thread safety: none, as every Policy.
//
//   LeastWork policy(/*tau_ns=*/10e9, seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_LEAST_WORK_H_
#define SCHEDULER_LEAST_WORK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/decayed_mean.h"
#include "scheduler/least_rows.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/slot_column.h"
#include "scheduler/split_mix64.h"
#include "scheduler/view_memo.h"

namespace cluster {

class LeastWork final : public Policy {
 public:
  static constexpr absl::string_view kName = "least_work";
  static constexpr absl::string_view kRule =
      "the least work left: connections in flight times their mean time";
  static constexpr PolicyParameter kParameters[] = {
      TauParameter("how far back the mean time reaches")};

  // `tau_ns` is above 0. `seed` decides between equals.
  LeastWork(double tau_ns, uint64_t seed) : tau_ns_(tau_ns), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }
  bool reads_work() const override { return true; }
  bool wants_completions() const override { return true; }

  // O(n).
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;
  void OnCompleted(const Completions& completions) override;

 private:
  void FindRates(const Candidates& candidates);
  // Those of the rows of which something was learnt.
  void UpdateRates(const Candidates& candidates);
  size_t PickKnown(const Candidates& candidates);

  const double tau_ns_;
  SlotColumn<DecayedMean, Heir::kBeginsAnew> means_;
  ViewMemo view_;
  std::vector<float> rates_;  // mean time by weight, a row
  // Of each row a time is known: then what is learnt of one changes no other.
  bool all_known_ = false;
  bool rates_are_old_ = false;         // all of them
  std::vector<uint32_t> learnt_rows_;  // since the rates were found
  std::vector<float> costs_;
  LeastRows least_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_LEAST_WORK_H_
