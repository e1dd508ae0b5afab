// Deterministic: all requests are the same.
#ifndef TOOLS_POLICY_LAB_SERVICE_DETERMINISTIC_H_
#define TOOLS_POLICY_LAB_SERVICE_DETERMINISTIC_H_

#include "tools/policy_lab/service/service.h"

namespace cluster::lab {

class Deterministic : public Service {
 public:
  double Draw(RandomStream&) const override { return 1; }
  double second_moment() const override { return 1; }
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_DETERMINISTIC_H_
