// Rendezvous: sticky. Arrivals of one key go to one worker, and a worker that
// goes moves only its own keys.
//
// Keys are spread over slots: a restarted worker keeps its keys. Workers win
// keys in proportion to their weights. Load is ignored: a key that is hot, or
// many clients behind one address, make a hot worker (see bounded_load). An
// arrival without a key goes to any worker.
//
// The seed is mixed into keys, so that who does not know it cannot choose
// addresses that meet at one worker.
//
// Source: highest_score.h.
//
// Thread safety: none, as every Policy.
//
//   Rendezvous policy(seed);
//   const size_t chosen = policy.Pick({.key = key}, candidates);
#ifndef SCHEDULER_RENDEZVOUS_H_
#define SCHEDULER_RENDEZVOUS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"
#include "scheduler/hash64.h"
#include "scheduler/highest_score.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"

namespace cluster {

class Rendezvous final : public Policy {
 public:
  static constexpr absl::string_view kName = "rendezvous";
  static constexpr absl::string_view kRule =
      "sticky by key; a worker that goes moves only its own keys";
  static constexpr std::span<const PolicyParameter> kParameters = {};

  // Equal seeds give equal picks.
  explicit Rendezvous(uint64_t seed) : seed_(Hash64(seed + 1)), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return false; }
  bool wants_key() const override { return true; }

  // O(n).
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  const uint64_t seed_;
  HighestScore score_;
  SplitMix64 random_;  // for arrivals without a key
};

}  // namespace cluster

#endif  // SCHEDULER_RENDEZVOUS_H_
