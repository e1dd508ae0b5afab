// LeastRequests: the worker with the fewest requests in flight for its weight,
// by what plugins report.
//
// Where connections are kept open (HTTP keep-alive, pipelines), they say little
// about work; running requests do. A connection that was sent and is not
// started counts as a request, so that a burst spreads before workers can
// report. Of equals, the one with the fewest connections for its weight, then
// any by weight: where no plugin reports, it is least_connections.
//
// Source: least_connections.h, over requests, as in Envoy's LEAST_REQUEST.
//
// Thread safety: none, as every Policy.
//
//   LeastRequests policy(seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_LEAST_REQUESTS_H_
#define SCHEDULER_LEAST_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"
#include "scheduler/least_rows.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"

namespace cluster {

class LeastRequests final : public Policy {
 public:
  static constexpr absl::string_view kName = "least_requests";
  static constexpr absl::string_view kRule =
      "the fewest requests in flight for its weight, as plugins report them";
  static constexpr std::span<const PolicyParameter> kParameters = {};

  // `seed` decides between equals: equal seeds give equal picks.
  explicit LeastRequests(uint64_t seed) : random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }

  // O(n), exact.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  LeastRows least_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_LEAST_REQUESTS_H_
