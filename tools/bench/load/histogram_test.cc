extern "C" {
#include "tools/bench/load/histogram.h"
}

#include <memory>

#include "gtest/gtest.h"

namespace {

TEST(HistogramTest, EmptyHasNoLatency) {
  auto h = std::make_unique<histogram>();
  EXPECT_EQ(histogram_percentile(h.get(), 50), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  auto h = std::make_unique<histogram>();
  for (int value = 1; value <= 100; value++) histogram_record(h.get(), value);
  EXPECT_EQ(histogram_percentile(h.get(), 50), 50);
  EXPECT_EQ(histogram_percentile(h.get(), 99), 99);
  EXPECT_EQ(histogram_percentile(h.get(), 100), 100);
}

TEST(HistogramTest, ErrorStaysBelowOnePercent) {
  for (int64_t value = 1; value < (1ll << 39); value = value * 3 + 1) {
    auto h = std::make_unique<histogram>();
    histogram_record(h.get(), value);
    histogram_record(h.get(), (1ll << 40) - 1);
    const double got = static_cast<double>(histogram_percentile(h.get(), 50));
    const double wanted = static_cast<double>(value);
    EXPECT_NEAR(got, wanted, wanted * 0.008) << value;
  }
}

TEST(HistogramTest, OutOfRangeValuesAreClamped) {
  auto h = std::make_unique<histogram>();
  histogram_record(h.get(), -5);
  histogram_record(h.get(), INT64_MAX);
  EXPECT_EQ(h->count, 2u);
  EXPECT_EQ(histogram_percentile(h.get(), 50), 0);
  EXPECT_EQ(h->max, (1ll << 40) - 1);
}

TEST(HistogramTest, MergeAddsCountsAndKeepsTheGreatest) {
  auto a = std::make_unique<histogram>();
  auto b = std::make_unique<histogram>();
  histogram_record(a.get(), 10);
  histogram_record(b.get(), 20);
  histogram_record(b.get(), 30);
  histogram_merge(a.get(), b.get());
  EXPECT_EQ(a->count, 3u);
  EXPECT_EQ(a->max, 30);
  EXPECT_EQ(histogram_percentile(a.get(), 50), 20);
}

}  // namespace
