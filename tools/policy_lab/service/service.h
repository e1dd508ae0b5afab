// Service: how much work a request is, as a distribution of mean 1. The mean
// itself is the workload's.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_SERVICE_SERVICE_H_
#define TOOLS_POLICY_LAB_SERVICE_SERVICE_H_

#include "tools/policy_lab/random_stream.h"

namespace cluster::lab {

class Service {
 public:
  virtual ~Service() = default;

  // Returns a size, at least 0 and 1 on average.
  virtual double Draw(RandomStream& random) const = 0;

  // The mean of the squares; infinite for some.
  virtual double second_moment() const = 0;

  // The mean in ns that it was measured with; 0: it has none of its own.
  virtual double measured_mean_ns() const { return 0; }
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_SERVICE_H_
