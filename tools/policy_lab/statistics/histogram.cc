#include "tools/policy_lab/statistics/histogram.h"

#include <algorithm>
#include <cmath>

namespace cluster::lab {

double Histogram::LowerOf(size_t bucket) {
  if (bucket < 2 * kSub) return static_cast<double>(bucket);
  const int shift = static_cast<int>(bucket >> kSubBits) - 1;
  return std::ldexp(static_cast<double>(kSub + (bucket & (kSub - 1))), shift);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

double Histogram::Quantile(double share) const {
  if (count_ == 0) return 0;
  const double wanted = share * static_cast<double>(count_);
  double below = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    const auto here = static_cast<double>(counts_[i]);
    if (below + here >= wanted) {
      const double lower = LowerOf(i);
      const double part = (wanted - below) / here;
      return std::min(lower + part * (LowerOf(i + 1) - lower),
                      static_cast<double>(max_ns_));
    }
    below += here;
  }
  return static_cast<double>(max_ns_);
}

std::vector<Histogram::TailPoint> Histogram::Tail() const {
  std::vector<TailPoint> points;
  uint64_t above = count_;
  for (size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    above -= counts_[i];
    points.push_back(
        {std::min(LowerOf(i + 1), static_cast<double>(max_ns_)),
         static_cast<double>(above) / static_cast<double>(count_)});
  }
  return points;
}

}  // namespace cluster::lab
