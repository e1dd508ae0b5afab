// Measured: sizes drawn, each as likely as any other, from those that were
// measured somewhere.
#ifndef TOOLS_POLICY_LAB_SERVICE_MEASURED_H_
#define TOOLS_POLICY_LAB_SERVICE_MEASURED_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "tools/policy_lab/service/service.h"

namespace cluster::lab {

class Measured : public Service {
 public:
  // REQUIRES: there is a size, and not all are 0.
  explicit Measured(std::vector<int64_t> sizes_ns)
      : sizes_ns_(std::move(sizes_ns)) {
    double sum = 0;
    double squares = 0;
    for (const int64_t size_ns : sizes_ns_) {
      const auto size = static_cast<double>(size_ns);
      sum += size;
      squares += size * size;
    }
    const auto count = static_cast<double>(sizes_ns_.size());
    mean_ns_ = sum / count;
    second_moment_ = squares / count / (mean_ns_ * mean_ns_);
  }

  double Draw(RandomStream& random) const override {
    const int64_t size_ns = sizes_ns_[random.Below(sizes_ns_.size())];
    return static_cast<double>(size_ns) / mean_ns_;
  }
  double second_moment() const override { return second_moment_; }
  double measured_mean_ns() const override { return mean_ns_; }

 private:
  std::vector<int64_t> sizes_ns_;
  double mean_ns_ = 0;
  double second_moment_ = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_MEASURED_H_
