// Bimodal: two sizes, as of a cache's hits and misses.
#ifndef TOOLS_POLICY_LAB_SERVICE_BIMODAL_H_
#define TOOLS_POLICY_LAB_SERVICE_BIMODAL_H_

#include "tools/policy_lab/service/service.h"

namespace cluster::lab {

class Bimodal : public Service {
 public:
  // `long_share` of the requests are `ratio` times as long as the others.
  // REQUIRES: 0 < long_share < 1, ratio >= 1.
  Bimodal(double long_share, double ratio)
      : long_share_(long_share),
        short_(1 / (1 - long_share + long_share * ratio)),
        long_(short_ * ratio) {}

  double Draw(RandomStream& random) const override {
    return random.Uniform() <= long_share_ ? long_ : short_;
  }
  double second_moment() const override {
    return (1 - long_share_) * short_ * short_ + long_share_ * long_ * long_;
  }

 private:
  double long_share_;
  double short_;
  double long_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_BIMODAL_H_
