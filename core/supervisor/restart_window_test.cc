#include "core/supervisor/restart_window.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/time/time.h"

namespace cluster {
namespace {

absl::Time At(double seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

TEST(RestartWindowTest, DefaultIsFiveInTenSeconds) {
  RestartWindow window;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(window.Admit(At(i)));
  EXPECT_FALSE(window.Admit(At(9.999)));
  EXPECT_TRUE(window.Admit(At(10)));
  EXPECT_FALSE(window.Admit(At(10.5)));
  EXPECT_TRUE(window.Admit(At(11)));
}

TEST(RestartWindowTest, AdmitsAllAtOnceThenNoneForAPeriod) {
  RestartWindow window(3, absl::Seconds(2));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(window.Admit(At(1)));
  EXPECT_FALSE(window.Admit(At(1)));
  EXPECT_FALSE(window.Admit(At(3) - absl::Nanoseconds(1)));
  EXPECT_TRUE(window.Admit(At(3)));
}

TEST(RestartWindowTest, RefusedRestartDoesNotCount) {
  RestartWindow window(1, absl::Seconds(10));
  EXPECT_TRUE(window.Admit(At(0)));
  for (int i = 1; i < 10; ++i) EXPECT_FALSE(window.Admit(At(i)));
  EXPECT_TRUE(window.Admit(At(10)));
}

TEST(RestartWindowTest, IntensityOfZeroAdmitsNothing) {
  RestartWindow window(0, absl::Seconds(1));
  EXPECT_FALSE(window.Admit(At(0)));
  EXPECT_FALSE(window.Admit(At(1000)));
}

TEST(RestartWindowTest, PeriodOfZeroAdmitsEverything) {
  RestartWindow window(1, absl::ZeroDuration());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(window.Admit(At(1)));
}

TEST(RestartWindowTest, InfinitePeriodAdmitsThatManyEver) {
  RestartWindow window(2, absl::InfiniteDuration());
  EXPECT_TRUE(window.Admit(At(0)));
  EXPECT_TRUE(window.Admit(At(1e9)));
  EXPECT_FALSE(window.Admit(At(2e9)));
}

TEST(RestartWindowTest, AdmitsAgainWhenTheOldestIsAPeriodBack) {
  RestartWindow window(2, absl::Seconds(10));
  ASSERT_TRUE(window.Admit(At(1)));
  ASSERT_TRUE(window.Admit(At(4)));
  EXPECT_FALSE(window.Admit(At(11) - absl::Nanoseconds(1)));
  EXPECT_TRUE(window.Admit(At(11)));
  EXPECT_FALSE(window.Admit(At(14) - absl::Nanoseconds(1)));
  EXPECT_TRUE(window.Admit(At(14)));
}

TEST(RestartWindowTest, ClockThatStepsBackStandsStill) {
  RestartWindow window(2, absl::Seconds(10));
  ASSERT_TRUE(window.Admit(At(100)));
  EXPECT_TRUE(window.Admit(At(50)));
  EXPECT_FALSE(window.Admit(At(60)));
  EXPECT_FALSE(window.Admit(At(109)));
  EXPECT_TRUE(window.Admit(At(110)));
}

// No window of a period ever holds more than the intensity, and no admissible
// restart is refused.
TEST(RestartWindowTest, IsExactForEveryPatternOfTwelveSeconds) {
  constexpr int kSeconds = 12;
  constexpr int kPeriod = 4;
  for (int intensity = 0; intensity <= 3; ++intensity) {
    for (int asked = 0; asked < 1 << kSeconds; ++asked) {
      RestartWindow window(intensity, absl::Seconds(kPeriod));
      std::vector<int> admitted;
      for (int now = 0; now < kSeconds; ++now) {
        if ((asked >> now & 1) == 0) continue;
        int recent = 0;
        for (int then : admitted) recent += then > now - kPeriod ? 1 : 0;
        ASSERT_EQ(window.Admit(At(now)), recent < intensity);
        if (recent < intensity) admitted.push_back(now);
      }
    }
  }
}

}  // namespace
}  // namespace cluster
