// DecayedMean: the mean of what was seen of late. What was seen tau ago weighs
// 1/e of what is seen now, however many things are seen at once.
//
// Thread safety: none.
//
//   mean.Add(total_ns, count, now_ns, tau_ns);
//   if (mean.known()) cost = mean.value() * in_flight;
#ifndef SCHEDULER_DECAYED_MEAN_H_
#define SCHEDULER_DECAYED_MEAN_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace cluster {

class DecayedMean {
 public:
  // Takes in `count` things that sum to `total`.
  void Add(double total, double count, int64_t now_ns, double tau_ns) {
    const double factor =
        std::exp(-std::max<double>(0, now_ns - seen_ns_) / tau_ns);
    total_ = total_ * factor + total;
    count_ = count_ * factor + count;
    seen_ns_ = std::max(seen_ns_, now_ns);
  }

  // True if anything was seen.
  bool known() const { return count_ > 0; }
  // REQUIRES: known().
  double value() const { return total_ / count_; }
  // When something was last seen.
  int64_t seen_ns() const { return seen_ns_; }

 private:
  double total_ = 0;
  double count_ = 0;
  int64_t seen_ns_ = 0;
};

}  // namespace cluster

#endif  // SCHEDULER_DECAYED_MEAN_H_
