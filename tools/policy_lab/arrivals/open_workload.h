// OpenWorkload: connections that come whatever became of those before.
#ifndef TOOLS_POLICY_LAB_ARRIVALS_OPEN_WORKLOAD_H_
#define TOOLS_POLICY_LAB_ARRIVALS_OPEN_WORKLOAD_H_

#include <cstdint>
#include <memory>

#include "tools/policy_lab/arrivals/gaps.h"
#include "tools/policy_lab/arrivals/request_source.h"
#include "tools/policy_lab/random_stream.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {

class OpenWorkload : public Workload {
 public:
  // `count` connections, one each `gap_ns` on average.
  OpenWorkload(std::unique_ptr<Gaps> gaps,
               double gap_ns,
               uint64_t count,
               const RequestShape& shape,
               uint64_t seed);

  Demand Take() override;
  FollowingRequest Next(uint64_t seed, uint32_t left) override;

 private:
  void Advance();

  std::unique_ptr<Gaps> gaps_;
  double gap_ns_;
  uint64_t left_;
  RandomStream random_;
  RequestSource source_;
  double exact_ns_ = 0;  // of the next arrival: gaps may be below 1 ns
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_ARRIVALS_OPEN_WORKLOAD_H_
