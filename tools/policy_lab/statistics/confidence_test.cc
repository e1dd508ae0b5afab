#include "tools/policy_lab/statistics/confidence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tools/policy_lab/random_stream.h"
#include "tools/policy_lab/statistics/moments.h"

namespace cluster::lab {
namespace {

TEST(MomentsTest, OfAKnownSample) {
  Moments moments;
  for (double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) {
    moments.Add(value);
  }
  EXPECT_EQ(moments.count(), 8u);
  EXPECT_DOUBLE_EQ(moments.mean(), 5);
  EXPECT_DOUBLE_EQ(moments.variance(), 32.0 / 7);
}

TEST(MomentsTest, OfNearlyNothing) {
  Moments moments;
  EXPECT_EQ(moments.mean(), 0);
  moments.Add(3);
  EXPECT_EQ(moments.variance(), 0);
}

// Tables of Student's distribution.
TEST(ConfidenceTest, StudentQuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(StudentQuantile(0.975, 1), 12.7062, 1e-4);
  EXPECT_NEAR(StudentQuantile(0.975, 19), 2.0930, 1e-4);
  EXPECT_NEAR(StudentQuantile(0.9995, 19), 3.8834, 1e-4);
  EXPECT_NEAR(StudentQuantile(0.9995, 39), 3.5581, 1e-4);
  EXPECT_NEAR(StudentQuantile(0.975, 1e6), 1.95997, 1e-4);
  EXPECT_NEAR(StudentQuantile(0.025, 19), -2.0930, 1e-4);
  EXPECT_NEAR(StudentCdf(0, 5), 0.5, 1e-12);
}

TEST(ConfidenceTest, OneValueSaysNothingAboutTheSpread) {
  Moments one;
  one.Add(7);
  const Interval interval = IntervalOf(one, 0.95);
  EXPECT_EQ(interval.mean, 7);
  EXPECT_TRUE(std::isinf(interval.half_width));
}

TEST(ConfidenceTest, NinetyPercentHoldTheMeanInNineOfTenCases) {
  RandomStream random(3, 0);
  int held = 0;
  for (int round = 0; round < 10'000; ++round) {
    Moments moments;
    for (int i = 0; i < 10; ++i) {
      // A sum of uniforms is about normal.
      double sum = 0;
      for (int j = 0; j < 12; ++j) sum += random.Uniform();
      moments.Add(sum);
    }
    held += IntervalOf(moments, 0.9).Contains(6) ? 1 : 0;
  }
  EXPECT_NEAR(held, 9000, 120);
}

}  // namespace
}  // namespace cluster::lab
