// Pareto: no size is too big to happen; P(S > s) falls as s^-alpha.
#ifndef TOOLS_POLICY_LAB_SERVICE_PARETO_H_
#define TOOLS_POLICY_LAB_SERVICE_PARETO_H_

#include <cmath>
#include <limits>

#include "tools/policy_lab/service/service.h"

namespace cluster::lab {

class Pareto : public Service {
 public:
  // The variance is infinite for an alpha up to 2. REQUIRES: alpha > 1.
  explicit Pareto(double alpha) : alpha_(alpha), least_((alpha - 1) / alpha) {}

  double Draw(RandomStream& random) const override {
    return least_ * std::pow(random.Uniform(), -1 / alpha_);
  }
  double second_moment() const override {
    if (alpha_ <= 2) return std::numeric_limits<double>::infinity();
    return least_ * least_ * alpha_ / (alpha_ - 2);
  }

 private:
  double alpha_;
  double least_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_PARETO_H_
