// Gaps: the time from one arrival to the next, as a process of mean 1. The rate
// itself is the workload's.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_ARRIVALS_GAPS_H_
#define TOOLS_POLICY_LAB_ARRIVALS_GAPS_H_

#include "tools/policy_lab/random_stream.h"

namespace cluster::lab {

class Gaps {
 public:
  virtual ~Gaps() = default;

  // Returns the next gap, at least 0.
  virtual double Draw(RandomStream& random) = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_ARRIVALS_GAPS_H_
