#include "core/base/gathering.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kGatherNs = 200'000;
constexpr GatheringRates kRates = {.start = 12'500, .stop = 11'000};

// Runs `gathering` at a steady rate for a while.
class Load {
 public:
  explicit Load(Gathering& gathering) : gathering_(gathering) {}

  void Run(double rate, double busy, int64_t duration_ns) {
    const int64_t step_ns = kMs;
    for (int64_t t = 0; t < duration_ns; t += step_ns) {
      now_ns_ += step_ns;
      cpu_ns_ += static_cast<int64_t>(busy * step_ns);
      due_ += rate * static_cast<double>(step_ns) * 1e-9;
      const auto accepted = static_cast<size_t>(due_);
      due_ -= static_cast<double>(accepted);
      gathering_.Record(now_ns_, accepted, cpu_ns_);
    }
  }

  void Idle(int64_t duration_ns) { now_ns_ += duration_ns; }

 private:
  Gathering& gathering_;
  int64_t now_ns_ = 1'000'000'000;
  int64_t cpu_ns_ = 0;
  double due_ = 0;
};

TEST(GatheringTest, StaysOffAtLightLoad) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(2'000, 0.1, 1000 * kMs);
  EXPECT_EQ(gathering.delay_ns(), 0);
  load.Run(10'000, 0.4, 1000 * kMs);
  EXPECT_EQ(gathering.delay_ns(), 0);
}

TEST(GatheringTest, TurnsOnWithinFiftyMillisecondsOfSaturation) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(25'000, 0.9, 50 * kMs);
  EXPECT_EQ(gathering.delay_ns(), kGatherNs);
}

TEST(GatheringTest, TurnsOffWhenLoadFalls) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(30'000, 0.5, 100 * kMs);
  ASSERT_EQ(gathering.delay_ns(), kGatherNs);
  load.Run(10'000, 0.1, 200 * kMs);
  EXPECT_EQ(gathering.delay_ns(), 0);
}

TEST(GatheringTest, RateBetweenTheThresholdsKeepsWhatWas) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(11'700, 0.2, 500 * kMs);
  EXPECT_EQ(gathering.delay_ns(), 0);
  load.Run(20'000, 0.2, 200 * kMs);
  load.Run(11'700, 0.2, 500 * kMs);
  EXPECT_EQ(gathering.delay_ns(), kGatherNs);
}

TEST(GatheringTest, BusyThreadGathersAtLowerRates) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(6'000, 0.8, 200 * kMs);
  EXPECT_EQ(gathering.delay_ns(), kGatherNs);
}

// A rate is light where the thread has time to spare.
TEST(GatheringTest, AtTenThousandASecondTheShareOfTheCpuDecides) {
  Gathering at_ease(kGatherNs, kRates);
  Load(at_ease).Run(10'000, 0.44, 1000 * kMs);
  EXPECT_EQ(at_ease.delay_ns(), 0);
  Gathering busy(kGatherNs, kRates);
  Load(busy).Run(10'000, 0.46, 1000 * kMs);
  EXPECT_EQ(busy.delay_ns(), kGatherNs);
}

TEST(GatheringTest, BusyThreadWithFewConnectionsDoesNot) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(1'000, 1.0, 500 * kMs);
  EXPECT_EQ(gathering.delay_ns(), 0);
}

TEST(GatheringTest, ForgetsWhatWasBeforeAPause) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(40'000, 0.9, 200 * kMs);
  load.Idle(1000 * kMs);
  load.Run(1'000, 0.1, 2 * kMs);
  EXPECT_EQ(gathering.delay_ns(), 0);
}

TEST(GatheringTest, ExpectsMoreUntilRoundsFindNothing) {
  Gathering gathering(kGatherNs, kRates);
  EXPECT_FALSE(gathering.expects_more());
  Load load(gathering);
  load.Run(30'000, 0.5, 100 * kMs);
  EXPECT_TRUE(gathering.expects_more());
  load.Run(0, 0.5, 7 * kMs);
  EXPECT_TRUE(gathering.expects_more());
  load.Run(0, 0.5, kMs);
  ASSERT_EQ(gathering.delay_ns(), kGatherNs) << "still on";
  EXPECT_FALSE(gathering.expects_more());
  load.Run(30'000, 0.5, kMs);
  EXPECT_TRUE(gathering.expects_more());
}

// Turned on; each round takes so long from when it is due.
int64_t DelayAfterRoundsOf(int64_t round_ns, int rounds) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(30'000, 0.5, 100 * kMs);
  int64_t now_ns = 2'000'000'000;
  for (int i = 0; i < rounds; ++i) {
    now_ns += gathering.Wait(now_ns) + round_ns;
  }
  return gathering.delay_ns();
}

TEST(GatheringTest, ShortRoundsWaitAsLongAsWasAsked) {
  EXPECT_EQ(DelayAfterRoundsOf(10'000, 200), kGatherNs);
  EXPECT_EQ(DelayAfterRoundsOf(49'000, 200), kGatherNs);
}

TEST(GatheringTest, LongRoundsWaitFourTimesAsLong) {
  EXPECT_NEAR(
      static_cast<double>(DelayAfterRoundsOf(100'000, 200)), 400'000, 1'000);
}

TEST(GatheringTest, WaitHasABound) {
  EXPECT_EQ(DelayAfterRoundsOf(100 * kMs, 200), 4 * kGatherNs);
}

TEST(GatheringTest, OneLongRoundSaysLittle) {
  EXPECT_EQ(DelayAfterRoundsOf(10'000 * kMs, 2), kGatherNs);
}

TEST(GatheringTest, TimeWithoutLoadIsNoRound) {
  Gathering gathering(kGatherNs, kRates);
  Load load(gathering);
  load.Run(30'000, 0.5, 100 * kMs);
  int64_t now_ns = 2'000'000'000;
  for (int i = 0; i < 20; ++i) {
    gathering.Wait(now_ns);
    load.Idle(1000 * kMs);
    load.Run(0, 0, kMs);
    ASSERT_EQ(gathering.delay_ns(), 0);
    now_ns += 1000 * kMs;
    load.Run(30'000, 0.5, 100 * kMs);
    ASSERT_GT(gathering.delay_ns(), 0);
  }
  EXPECT_EQ(gathering.delay_ns(), kGatherNs);
}

TEST(GatheringTest, ZeroTurnsItOff) {
  Gathering gathering(0, kRates);
  Load load(gathering);
  load.Run(100'000, 1.0, 500 * kMs);
  EXPECT_EQ(gathering.delay_ns(), 0);
  EXPECT_FALSE(gathering.WantsCpuTime(1LL << 40));
}

}  // namespace
}  // namespace cluster
