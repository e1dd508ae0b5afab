#include "scheduler/slow_start.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace cluster {
namespace {

TEST(SlowStartTest, RisesInTenSteps) {
  EXPECT_EQ(SlowStartPercent(0, 1000), 10u);
  EXPECT_EQ(SlowStartPercent(99, 1000), 10u);
  EXPECT_EQ(SlowStartPercent(100, 1000), 20u);
  EXPECT_EQ(SlowStartPercent(899, 1000), 90u);
  EXPECT_EQ(SlowStartPercent(900, 1000), 100u);
  EXPECT_EQ(SlowStartPercent(1000, 1000), 100u);
  EXPECT_EQ(SlowStartPercent(1 << 30, 1000), 100u);
}

TEST(SlowStartTest, WithoutAWindowThereIsNone) {
  EXPECT_EQ(SlowStartPercent(0, 0), 100u);
}

TEST(SlowStartTest, TakesTheGreatestTimes) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(SlowStartPercent(kMost - 1, kMost), 100u);
  EXPECT_EQ(SlowStartPercent(-5, kMost), 10u);
}

TEST(SlowStartTest, ScalesWeightsAgainstEachOther) {
  std::vector<uint32_t> weights = {3, 1, 1};
  EXPECT_EQ(ScaleWeights(std::vector<uint32_t>{100, 100, 50}, weights), 100);
  EXPECT_EQ(weights, (std::vector<uint32_t>{300, 100, 50}));
}

TEST(SlowStartTest, WhenAllAreEquallyYoungNothingChanges) {
  std::vector<uint32_t> weights = {3, 1};
  EXPECT_EQ(ScaleWeights(std::vector<uint32_t>{10, 10}, weights), 1);
  EXPECT_EQ(weights, (std::vector<uint32_t>{3, 1}));
}

TEST(SlowStartTest, WeightsStayInTheirRange) {
  std::vector<uint32_t> weights = {65'536, 1, 32'768};
  EXPECT_EQ(ScaleWeights(std::vector<uint32_t>{100, 10, 50}, weights), 1);
  EXPECT_EQ(weights, (std::vector<uint32_t>{65'536, 1, 16'384}));
}

TEST(SlowStartTest, UnitIsWhatAShareOfOneBecomes) {
  std::vector<uint32_t> weights = {10'000, 2};
  EXPECT_DOUBLE_EQ(ScaleWeights(std::vector<uint32_t>{100, 50}, weights),
                   6.5536);
  EXPECT_EQ(weights, (std::vector<uint32_t>{65'536, 6}));
}

}  // namespace
}  // namespace cluster
