// RoundRobin: each worker in turn, whatever its load.
//
// The turn is kept as a key, not as an index: the next pick is the candidate
// with the smallest key greater than the last one picked, or the first one when
// there is none. So nobody is passed over or served twice when workers join,
// leave, or are not eligible for a while. Weights are ignored.
//
// Source: RoundRobinHandle of Node's cluster module
// (lib/internal/cluster/round_robin_handle.js), which it stands in for, with a
// difference: there a worker goes to the end of a queue when it has taken what
// it was handed, so that one that is slow to take loses its turn. Here the
// order never changes, and eligibility passes over one that is slow to take.
//
// Thread safety: none, as every Policy.
//
//   RoundRobin policy;
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_ROUND_ROBIN_H_
#define SCHEDULER_ROUND_ROBIN_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"

namespace cluster {

class RoundRobin final : public Policy {
 public:
  static constexpr absl::string_view kName = "round_robin";
  static constexpr absl::string_view kRule =
      "each worker in turn, whatever its load or weight";
  static constexpr std::span<const PolicyParameter> kParameters = {};

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }
  bool heeds_weights() const override { return false; }
  bool weighs_idle() const override { return false; }

  // O(1) while membership is stable, else O(log n).
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  // The pick falls on the first key that is not less than this.
  uint64_t next_key_ = 0;
  // Where that key stands if nothing has changed since the last pick.
  size_t next_index_ = 0;
};

}  // namespace cluster

#endif  // SCHEDULER_ROUND_ROBIN_H_
