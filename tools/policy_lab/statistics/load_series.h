// LoadSeries: the load of all workers over time, in a bounded number of points:
// when there are too many, each two become one.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_STATISTICS_LOAD_SERIES_H_
#define TOOLS_POLICY_LAB_STATISTICS_LOAD_SERIES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cluster::lab {

class LoadSeries {
 public:
  static constexpr size_t kMaxPoints = 512;
  // The workers whose own load is kept.
  static constexpr size_t kMaxWorkers = 16;

  struct Point {
    double end_ns = 0;
    // In flight at the worker with most of them, with fewest, on average.
    double most = 0;
    double fewest = 0;
    double mean = 0;
    std::vector<double> workers = {};  // of the first kMaxWorkers
  };

  // Points come each `interval_ns` at first. REQUIRES: interval_ns > 0.
  explicit LoadSeries(int64_t interval_ns) : interval_ns_(interval_ns) {}

  // When the next point is due.
  int64_t next_ns() const { return last_ns_ + interval_ns_; }

  // Takes the point that is due at next_ns().
  void Add(const std::vector<uint32_t>& in_flight_by_worker);

  const std::vector<Point>& points() const { return points_; }

  // Returns how much more the worker with most has than the average one, on
  // average from `from_ns` on.
  double Imbalance(int64_t from_ns) const;

 private:
  void Halve();

  int64_t interval_ns_;
  int64_t last_ns_ = 0;  // of the last point
  std::vector<Point> points_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_STATISTICS_LOAD_SERIES_H_
