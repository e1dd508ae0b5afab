#include "core/primary/listeners/look_interval.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace cluster {
namespace {

using std::chrono::milliseconds;

TEST(LookIntervalTest, ProgressIsLookedAfterSoon) {
  LookInterval interval;
  EXPECT_EQ(interval.Next(1, /*is_set=*/false), LookInterval::kShortest);
  EXPECT_EQ(interval.Next(2, /*is_set=*/false), LookInterval::kShortest);
}

TEST(LookIntervalTest, WithoutProgressItDoublesToTheLongest) {
  LookInterval interval;
  interval.Next(1, /*is_set=*/false);
  for (const int expected_ms : {10, 20, 40, 80, 80}) {
    EXPECT_EQ(interval.Next(1, /*is_set=*/false), milliseconds(expected_ms));
  }
  EXPECT_EQ(interval.Next(2, /*is_set=*/false), LookInterval::kShortest);
}

TEST(LookIntervalTest, LookThatIsSetStays) {
  LookInterval interval;
  interval.Next(1, /*is_set=*/false);
  EXPECT_EQ(interval.Next(1, /*is_set=*/true), std::nullopt);
  EXPECT_EQ(interval.Next(2, /*is_set=*/true), std::nullopt)
      << "as soon as can be";
}

TEST(LookIntervalTest, ProgressShortensALongWait) {
  LookInterval interval;
  interval.Next(1, /*is_set=*/false);
  interval.Next(1, /*is_set=*/false);
  EXPECT_EQ(interval.Next(2, /*is_set=*/true), LookInterval::kShortest);
}

TEST(LookIntervalTest, FirstLookIsSoonWithoutProgress) {
  LookInterval interval;
  EXPECT_EQ(interval.Next(0, /*is_set=*/false), LookInterval::kShortest);
}

}  // namespace
}  // namespace cluster
