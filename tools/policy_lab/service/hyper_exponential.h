// HyperExponential: many short requests and some long ones, each kind
// exponential and each as much work in all as the other ("balanced means").
#ifndef TOOLS_POLICY_LAB_SERVICE_HYPER_EXPONENTIAL_H_
#define TOOLS_POLICY_LAB_SERVICE_HYPER_EXPONENTIAL_H_

#include <cmath>

#include "tools/policy_lab/service/service.h"

namespace cluster::lab {

class HyperExponential : public Service {
 public:
  // `cv2` is the squared coefficient of variation, variance by squared mean.
  // REQUIRES: cv2 >= 1.
  explicit HyperExponential(double cv2)
      : cv2_(cv2),
        short_share_((1 + std::sqrt((cv2 - 1) / (cv2 + 1))) / 2),
        short_mean_(0.5 / short_share_),
        long_mean_(0.5 / (1 - short_share_)) {}

  double Draw(RandomStream& random) const override {
    const bool is_short = random.Uniform() <= short_share_;
    return random.Exponential() * (is_short ? short_mean_ : long_mean_);
  }
  double second_moment() const override { return 1 + cv2_; }
  double cv2() const { return cv2_; }

 private:
  double cv2_;
  double short_share_;
  double short_mean_;
  double long_mean_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_HYPER_EXPONENTIAL_H_
