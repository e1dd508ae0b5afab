// LeastConnections: the worker with the fewest connections for its weight.
//
// Picks the least in_flight / weight. Among equals, such as those who are idle,
// each is as likely as its weight says: a fixed order would send every
// connection of a quiet host to the same worker. Use it when connections live
// long or cost unequal work.
//
// Source: join the shortest queue, R. Weber, "On the optimal assignment of
// customers to parallel servers", J. Appl. Prob. 15, 1978; the weighted form is
// that of nginx `least_conn` and HAProxy `leastconn`.
//
// Thread safety: none, as every Policy.
//
//   LeastConnections policy(seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_LEAST_CONNECTIONS_H_
#define SCHEDULER_LEAST_CONNECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"
#include "scheduler/least_rows.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"

namespace cluster {

class LeastConnections final : public Policy {
 public:
  static constexpr absl::string_view kName = "least_connections";
  static constexpr absl::string_view kRule =
      "the fewest open connections for its weight; random among equals";
  static constexpr std::span<const PolicyParameter> kParameters = {};

  // `seed` decides the ties: equal seeds give equal picks.
  explicit LeastConnections(uint64_t seed) : random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }

  // O(n). The comparison is exact: no division, no rounding.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  LeastRows least_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_LEAST_CONNECTIONS_H_
