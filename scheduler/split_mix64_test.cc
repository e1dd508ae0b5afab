#include "scheduler/split_mix64.h"

#include <gtest/gtest.h>

#include <vector>

namespace cluster {
namespace {

TEST(SplitMix64Test, GivesThePublishedSequence) {
  SplitMix64 random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(SplitMix64Test, BelowStaysInRange) {
  SplitMix64 random(1);
  for (uint64_t bound : {uint64_t{1}, uint64_t{2}, uint64_t{3}, ~uint64_t{0}}) {
    for (int i = 0; i < 1000; ++i) EXPECT_LT(random.Below(bound), bound);
  }
}

TEST(SplitMix64Test, BelowIsUniform) {
  constexpr int kBound = 7;
  constexpr int kDraws = 700'000;
  SplitMix64 random(42);
  std::vector<int> counts(kBound);
  for (int i = 0; i < kDraws; ++i) ++counts[random.Below(kBound)];
  for (int count : counts) EXPECT_NEAR(count, kDraws / kBound, 1500);
}

// With a bound of 3 * 2^62 a plain multiplication would give each third number
// twice the chance of the others.
TEST(SplitMix64Test, BelowIsUniformForBoundsNearTheWholeRange) {
  constexpr uint64_t kBound = uint64_t{3} << 62;
  SplitMix64 random(7);
  int counts[3] = {};
  for (int i = 0; i < 300'000; ++i) ++counts[random.Below(kBound) % 3];
  for (int count : counts) EXPECT_NEAR(count, 100'000, 1500);
}

}  // namespace
}  // namespace cluster
