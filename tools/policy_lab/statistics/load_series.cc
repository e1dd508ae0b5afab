#include "tools/policy_lab/statistics/load_series.h"

#include <algorithm>

namespace cluster::lab {

void LoadSeries::Add(const std::vector<uint32_t>& in_flight) {
  last_ns_ = next_ns();
  Point point = {.end_ns = static_cast<double>(last_ns_)};
  uint64_t sum = 0;
  uint32_t most = in_flight.front();
  uint32_t fewest = most;
  for (const uint32_t load : in_flight) {
    sum += load;
    most = std::max(most, load);
    fewest = std::min(fewest, load);
  }
  point.most = most;
  point.fewest = fewest;
  point.mean = static_cast<double>(sum) / static_cast<double>(in_flight.size());
  const size_t kept = std::min(in_flight.size(), kMaxWorkers);
  point.workers.assign(in_flight.begin(),
                       in_flight.begin() + static_cast<ptrdiff_t>(kept));
  points_.push_back(std::move(point));
  if (points_.size() == kMaxPoints) Halve();
}

void LoadSeries::Halve() {
  const auto average = [](double& a, double b) { a = (a + b) / 2; };
  for (size_t i = 0; i < kMaxPoints / 2; ++i) {
    Point& one = points_[2 * i];
    const Point& two = points_[2 * i + 1];
    one.end_ns = two.end_ns;
    average(one.most, two.most);
    average(one.fewest, two.fewest);
    average(one.mean, two.mean);
    for (size_t w = 0; w < one.workers.size(); ++w) {
      average(one.workers[w], two.workers[w]);
    }
    if (i > 0) points_[i] = std::move(one);
  }
  points_.resize(kMaxPoints / 2);
  interval_ns_ *= 2;
}

double LoadSeries::Imbalance(int64_t from_ns) const {
  double sum = 0;
  size_t count = 0;
  for (const Point& point : points_) {
    if (point.end_ns < static_cast<double>(from_ns)) continue;
    sum += point.most - point.mean;
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace cluster::lab
