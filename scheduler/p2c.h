// P2c: the least loaded of two workers drawn at random, or of `d`.
//
// The power of two choices: nearly as even as looking at all, at the cost of
// looking at two, and no herd when loads are old or several dispatchers pick at
// once. With few workers least_connections is better. Workers are drawn by
// weight, and loads are in_flight / weight; of equals, the one that was drawn
// first.
//
// Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load
// Balancing", IEEE TPDS 12(10), 2001. Two is what HAProxy and Envoy draw.
// Distinct draws: R. Floyd, in J. Bentley, "Programming Pearls: A Sample of
// Brilliance", CACM 30(9), 1987.
//
// Thread safety: none, as every Policy.
//
//   P2c policy(/*d=*/2, seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_P2C_H_
#define SCHEDULER_P2C_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"
#include "scheduler/weighted_draw.h"

namespace cluster {

class P2c final : public Policy {
 public:
  static constexpr absl::string_view kName = "p2c";
  static constexpr absl::string_view kRule =
      "the least loaded of d workers drawn at random";
  static constexpr size_t kMaxDrawn = 16;
  static constexpr PolicyParameter kParameters[] = {
      {.name = "d",
       .meaning = "how many are drawn",
       .least = 2,
       .greatest = kMaxDrawn,
       .standard = 2}};

  // `d` is from 2 to kMaxDrawn. Equal seeds give equal picks.
  P2c(size_t d, uint64_t seed) : d_(d), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }

  // O(1) for d = 2, else O(d^2), while the view is the same.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  const size_t d_;
  WeightedDraw draw_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_P2C_H_
