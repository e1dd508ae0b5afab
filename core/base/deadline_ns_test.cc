#include "core/base/deadline_ns.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace cluster {
namespace {

TEST(DeadlineNsTest, IsTheSum) {
  EXPECT_EQ(DeadlineNs(1'000, 500), 1'500);
  EXPECT_EQ(DeadlineNs(1'000, -5'000), -4'000);
  EXPECT_EQ(DeadlineNs(1'000, kNeverNs - 1'001), kNeverNs - 1);
}

TEST(DeadlineNsTest, LongDelaysAreNever) {
  EXPECT_EQ(DeadlineNs(1, kNeverNs), kNeverNs);
  EXPECT_EQ(DeadlineNs(kNeverNs, kNeverNs), kNeverNs);
  EXPECT_EQ(DeadlineNs(0, kNeverNs), kNeverNs);
}

TEST(DeadlineNsTest, LongPastIsThePast) {
  EXPECT_EQ(DeadlineNs(-2, INT64_MIN), INT64_MIN);
}

}  // namespace
}  // namespace cluster
