// BoundedLoad: sticky, but never more than `factor` times the mean load.
//
// The worker of a key is that of rendezvous, and when that is full the next
// best and so on: hot keys spill over as far as they must. A worker is full
// when it has factor times its share of the connections, the new one counted,
// rounded up. The bound is never exceeded by a pick; the nearer the factor is
// to 1, the more keys leave their worker. An arrival without a key goes to any
// that is not full.
//
// Source: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent Hashing with
// Bounded Loads", SODA 2018; over rendezvous in place of a ring. 1.25 to 2 is
// what HAProxy (hash-balance-factor) advises.
//
// Thread safety: none, as every Policy.
//
//   BoundedLoad policy(/*factor=*/1.25, seed);
//   const size_t chosen = policy.Pick({.key = key}, candidates);
#ifndef SCHEDULER_BOUNDED_LOAD_H_
#define SCHEDULER_BOUNDED_LOAD_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "scheduler/hash64.h"
#include "scheduler/highest_score.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"

namespace cluster {

class BoundedLoad final : public Policy {
 public:
  static constexpr absl::string_view kName = "bounded_load";
  static constexpr absl::string_view kRule =
      "sticky by key, but never above factor times the mean load";
  static constexpr PolicyParameter kParameters[] = {
      {.name = "factor",
       .meaning = "the most load a worker may have, in mean loads",
       .kind = PolicyParameter::Kind::kDecimal,
       .least = 1,
       .greatest = 100,
       .standard = 1.25}};

  // Equal seeds give equal picks.
  BoundedLoad(double factor, uint64_t seed)
      : factor_(factor), seed_(Hash64(seed + 1)), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return false; }
  bool wants_key() const override { return true; }

  // O(n).
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  const double factor_;
  const uint64_t seed_;
  HighestScore score_;
  SplitMix64 random_;  // for arrivals without a key
};

}  // namespace cluster

#endif  // SCHEDULER_BOUNDED_LOAD_H_
