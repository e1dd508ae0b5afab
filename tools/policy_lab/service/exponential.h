// Exponential: the distribution that theory knows best.
#ifndef TOOLS_POLICY_LAB_SERVICE_EXPONENTIAL_H_
#define TOOLS_POLICY_LAB_SERVICE_EXPONENTIAL_H_

#include "tools/policy_lab/service/service.h"

namespace cluster::lab {

class Exponential : public Service {
 public:
  double Draw(RandomStream& random) const override {
    return random.Exponential();
  }
  double second_moment() const override { return 2; }
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_EXPONENTIAL_H_
