// Moments: mean and variance of a sample, without keeping it.
//
// Source: B. Welford, "Note on a Method for Calculating Corrected Sums of
// Squares and Products", Technometrics 4(3), 1962.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_STATISTICS_MOMENTS_H_
#define TOOLS_POLICY_LAB_STATISTICS_MOMENTS_H_

#include <cstdint>

namespace cluster::lab {

class Moments {
 public:
  void Add(double value) {
    ++count_;
    const double off = value - mean_;
    mean_ += off / static_cast<double>(count_);
    squares_ += off * (value - mean_);
  }

  uint64_t count() const { return count_; }
  // 0 of no values.
  double mean() const { return mean_; }
  // Of the population the sample is from; 0 of fewer than two values.
  double variance() const {
    return count_ < 2 ? 0 : squares_ / static_cast<double>(count_ - 1);
  }

 private:
  uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_STATISTICS_MOMENTS_H_
