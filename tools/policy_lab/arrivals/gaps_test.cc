#include <gtest/gtest.h>

#include <cmath>

#include "tools/policy_lab/arrivals/mmpp.h"
#include "tools/policy_lab/arrivals/poisson.h"
#include "tools/policy_lab/random_stream.h"

namespace cluster::lab {
namespace {

struct Moments {
  double mean;
  double variance;
};

Moments Sample(Gaps& gaps) {
  constexpr int kDraws = 2'000'000;
  RandomStream random(5, 0);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double gap = gaps.Draw(random);
    sum += gap;
    squares += gap * gap;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

TEST(PoissonTest, GapsAreExponential) {
  Poisson poisson;
  const Moments moments = Sample(poisson);
  EXPECT_NEAR(moments.mean, 1, 0.003);
  EXPECT_NEAR(moments.variance, 1, 0.01);
}

TEST(MmppTest, KeepsTheMeanAndIsMoreVariable) {
  Mmpp mmpp(4, 0.1, 20);
  const Moments moments = Sample(mmpp);
  EXPECT_NEAR(moments.mean, 1, 0.02);
  EXPECT_GT(moments.variance, 1.3);
}

TEST(MmppTest, PeakOfOneIsPoisson) {
  Mmpp mmpp(1, 0.3, 10);
  const Moments moments = Sample(mmpp);
  EXPECT_NEAR(moments.mean, 1, 0.003);
  EXPECT_NEAR(moments.variance, 1, 0.01);
}

// With all arrivals in bursts, gaps inside them are 1/peak and the mean holds.
TEST(MmppTest, QuietMayBeSilent) {
  Mmpp mmpp(10, 0.1, 100);
  EXPECT_NEAR(Sample(mmpp).mean, 1, 0.03);
}

}  // namespace
}  // namespace cluster::lab
