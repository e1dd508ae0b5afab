#include "tools/policy_lab/progress_bar.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>

namespace cluster::lab {
namespace {

TEST(ProgressBarTest, LineSaysHowFarAndHowLong) {
  EXPECT_EQ(ProgressLine(0, 100, 0), "[..............................]   0 %");
  EXPECT_EQ(ProgressLine(30'000'000, 60'000'000, 10),
            "[###############...............]  50 %  3.0 M arrivals/s, "
            "10 s left");
  EXPECT_EQ(ProgressLine(70, 60, 1).substr(0, 38),
            "[##############################] 100 %");
}

TEST(ProgressBarTest, EndsAtOnce) {
  const std::atomic<uint64_t> done = 5;
  for (int i = 0; i < 100; ++i) ProgressBar(10, done);
}

}  // namespace
}  // namespace cluster::lab
