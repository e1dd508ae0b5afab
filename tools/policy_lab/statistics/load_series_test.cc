#include "tools/policy_lab/statistics/load_series.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cluster::lab {
namespace {

TEST(LoadSeriesTest, PointSaysWhoHasMostAndFewest) {
  LoadSeries series(10);
  EXPECT_EQ(series.next_ns(), 10);
  series.Add({1, 4, 1});
  ASSERT_EQ(series.points().size(), 1u);
  const LoadSeries::Point& point = series.points()[0];
  EXPECT_EQ(point.end_ns, 10);
  EXPECT_EQ(point.most, 4);
  EXPECT_EQ(point.fewest, 1);
  EXPECT_EQ(point.mean, 2);
  EXPECT_EQ(point.workers, std::vector<double>({1, 4, 1}));
  EXPECT_EQ(series.Imbalance(0), 2);
  EXPECT_EQ(series.next_ns(), 20);
}

TEST(LoadSeriesTest, StaysShortAndKeepsTheAverages) {
  LoadSeries series(1);
  double sum = 0;
  for (uint32_t i = 0; i < 512 * 8; ++i) {
    const int64_t due_ns = series.next_ns();
    ASSERT_GT(due_ns, 0);
    series.Add({i % 10, 0});
    sum += i % 10;
    ASSERT_LT(series.points().size(), LoadSeries::kMaxPoints);
  }
  double mean = 0;
  for (const auto& point : series.points()) mean += point.mean;
  mean /= static_cast<double>(series.points().size());
  EXPECT_NEAR(mean, sum / 512 / 8 / 2, 0.05);
}

TEST(LoadSeriesTest, KeepsTheFirstWorkersOnly) {
  LoadSeries series(1);
  series.Add(std::vector<uint32_t>(10'000, 3));
  EXPECT_EQ(series.points()[0].workers.size(), LoadSeries::kMaxWorkers);
  EXPECT_EQ(series.Imbalance(0), 0);
  EXPECT_EQ(series.Imbalance(2), 0);
}

}  // namespace
}  // namespace cluster::lab
