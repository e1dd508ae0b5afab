// ClosedWorkload: clients who wait for the end of their connection, think, and
// come again: a slow server gets fewer arrivals.
#ifndef TOOLS_POLICY_LAB_ARRIVALS_CLOSED_WORKLOAD_H_
#define TOOLS_POLICY_LAB_ARRIVALS_CLOSED_WORKLOAD_H_

#include <cstdint>
#include <vector>

#include "tools/policy_lab/arrivals/request_source.h"
#include "tools/policy_lab/random_stream.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {

class ClosedWorkload : public Workload {
 public:
  // `clients` who think for `think_ns` on average, exponentially; at first,
  // too. `count` connections in all. A client whose connection is lost comes
  // again.
  ClosedWorkload(uint32_t clients,
                 double think_ns,
                 uint64_t count,
                 const RequestShape& shape,
                 uint64_t seed);

  Demand Take() override;
  FollowingRequest Next(uint64_t seed, uint32_t left) override;
  void OnEnded(int64_t now_ns) override;

 private:
  void Think(int64_t now_ns);
  void Advance();

  double think_ns_;
  uint64_t left_;
  RandomStream random_;
  RequestSource source_;
  std::vector<int64_t> due_ns_;  // a heap, the first in front
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_ARRIVALS_CLOSED_WORKLOAD_H_
