#include "tools/policy_lab/statistics/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "tools/policy_lab/random_stream.h"

namespace cluster::lab {
namespace {

TEST(HistogramTest, EmptyHasNoQuantiles) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  EXPECT_TRUE(histogram.Tail().empty());
}

TEST(HistogramTest, QuantilesAreThoseOfASortedSample) {
  RandomStream random(1, 0);
  Histogram histogram;
  std::vector<int64_t> sample;
  for (int i = 0; i < 200'000; ++i) {
    const auto ns = static_cast<int64_t>(random.Exponential() * 1e6);
    histogram.Add(ns);
    sample.push_back(ns);
  }
  std::sort(sample.begin(), sample.end());
  for (double share : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = static_cast<double>(sample[static_cast<size_t>(
        share * static_cast<double>(sample.size()))]);
    EXPECT_NEAR(histogram.Quantile(share), exact, 0.004 * exact + 2) << share;
  }
  EXPECT_EQ(histogram.Quantile(1), static_cast<double>(sample.back()));
  EXPECT_EQ(histogram.max_ns(), sample.back());
}

TEST(HistogramTest, TakesEveryDuration) {
  Histogram histogram;
  for (int bit = 0; bit < 63; ++bit) {
    for (int64_t ns : {int64_t{1} << bit, (int64_t{1} << bit) - 1}) {
      Histogram one;
      one.Add(ns);
      EXPECT_NEAR(one.Quantile(1), static_cast<double>(ns), 0.0);
      EXPECT_LE(one.Quantile(0.5), static_cast<double>(ns));
      EXPECT_GE(one.Quantile(0), static_cast<double>(ns) * 0.995);
    }
  }
  histogram.Add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.count(), 1u);
}

TEST(HistogramTest, TailFallsToZero) {
  Histogram histogram;
  for (int64_t ns : {10, 10, 20, 40}) histogram.Add(ns);
  const auto tail = histogram.Tail();
  ASSERT_EQ(tail.size(), 3u);
  EXPECT_EQ(tail[0].share_above, 0.5);
  EXPECT_EQ(tail[1].share_above, 0.25);
  EXPECT_EQ(tail[2].share_above, 0);
}

TEST(HistogramTest, MergeCountsBoth) {
  Histogram one;
  Histogram two;
  one.Add(5);
  two.Add(9);
  one.Merge(two);
  EXPECT_EQ(one.count(), 2u);
  EXPECT_EQ(one.max_ns(), 9);
  EXPECT_EQ(one.Quantile(1), 9);
}

}  // namespace
}  // namespace cluster::lab
