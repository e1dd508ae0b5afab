// Poisson: many clients who know nothing of each other.
#ifndef TOOLS_POLICY_LAB_ARRIVALS_POISSON_H_
#define TOOLS_POLICY_LAB_ARRIVALS_POISSON_H_

#include "tools/policy_lab/arrivals/gaps.h"

namespace cluster::lab {

class Poisson : public Gaps {
 public:
  double Draw(RandomStream& random) override { return random.Exponential(); }
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_ARRIVALS_POISSON_H_
