// Random: any worker, as likely as its weight says, whatever its load.
//
// Needs no memory of earlier picks and cannot fall into step with a pattern in
// the arrivals.
//
// Source: the draws are exact, see weighted_draw.h and split_mix64.h.
//
// Thread safety: none, as every Policy.
//
//   Random policy(seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_RANDOM_H_
#define SCHEDULER_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"
#include "scheduler/weighted_draw.h"

namespace cluster {

class Random final : public Policy {
 public:
  static constexpr absl::string_view kName = "random";
  static constexpr absl::string_view kRule =
      "any worker, as likely as its weight says";
  static constexpr std::span<const PolicyParameter> kParameters = {};

  // Equal seeds give equal picks.
  explicit Random(uint64_t seed) : random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }

  // O(1) while weights are the same or equal.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  WeightedDraw draw_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_RANDOM_H_
