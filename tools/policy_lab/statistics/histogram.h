// Histogram: how often each duration came, in little memory however often.
//
// Durations below 2^8 ns have a bucket each; from there on each power of two
// has 256 of equal width, so that a bucket is at most 0.4 % wide. Quantiles are
// interpolated within it.
//
// Source: the log-linear histograms of G. Tene's HdrHistogram.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_STATISTICS_HISTOGRAM_H_
#define TOOLS_POLICY_LAB_STATISTICS_HISTOGRAM_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cluster::lab {

class Histogram {
 public:
  Histogram() : counts_(kBuckets) {}

  // Counts a duration. REQUIRES: ns >= 0.
  void Add(int64_t ns) {
    ++counts_[BucketOf(static_cast<uint64_t>(ns))];
    ++count_;
    if (ns > max_ns_) max_ns_ = ns;
  }

  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  // The greatest; 0 if there is none.
  int64_t max_ns() const { return max_ns_; }

  // Returns the duration that `share` (0 to 1) of all do not exceed; 0 if there
  // is none.
  double Quantile(double share) const;

  // A point of the curve that shows how many are longer.
  struct TailPoint {
    double ns;
    double share_above;
  };

  // Returns the upper end of each bucket that is not empty.
  std::vector<TailPoint> Tail() const;

 private:
  static constexpr int kSubBits = 8;
  static constexpr size_t kSub = size_t{1} << kSubBits;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) * kSub;

  static size_t BucketOf(uint64_t ns) {
    if (ns < kSub) return ns;
    const int shift = std::bit_width(ns) - kSubBits - 1;
    return (static_cast<size_t>(shift) << kSubBits) + (ns >> shift);
  }
  // The least duration of a bucket.
  static double LowerOf(size_t bucket);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  int64_t max_ns_ = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_STATISTICS_HISTOGRAM_H_
