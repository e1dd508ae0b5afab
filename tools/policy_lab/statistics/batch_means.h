// BatchMeans: how far the mean of one run may be off. Its values depend on
// those before, so the spread is that of the means of 20 long stretches.
//
// Source: C. Alexopoulos, A. Seila, "Output Data Analysis", Handbook of
// Simulation (ed. J. Banks), 1998.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_STATISTICS_BATCH_MEANS_H_
#define TOOLS_POLICY_LAB_STATISTICS_BATCH_MEANS_H_

#include <algorithm>
#include <cstdint>

#include "tools/policy_lab/statistics/moments.h"

namespace cluster::lab {

class BatchMeans {
 public:
  static constexpr uint64_t kBatches = 20;

  // For `expected` values; those over whole batches are left out.
  explicit BatchMeans(uint64_t expected)
      : size_(std::max<uint64_t>(1, expected / kBatches)) {}

  void Add(double value) {
    sum_ += value;
    if (++in_batch_ < size_) return;
    if (means_.count() < kBatches)
      means_.Add(sum_ / static_cast<double>(size_));
    sum_ = 0;
    in_batch_ = 0;
  }

  // The means of the whole batches.
  const Moments& means() const { return means_; }

 private:
  uint64_t size_;
  uint64_t in_batch_ = 0;
  double sum_ = 0;
  Moments means_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_STATISTICS_BATCH_MEANS_H_
