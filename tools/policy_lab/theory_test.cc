#include "tools/policy_lab/theory.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cluster::lab {
namespace {

struct Golden {
  double load;
  double random;
  double rr8, rr64, rr_infinite;
  double two, three;
  double c8, mean8;
  double c64, mean64;
};

// Computed apart from this program.
constexpr Golden kGolden[] = {
    {0.50,
     2.0000,
     1.3424,
     1.2657,
     1.2550,
     1.2657,
     1.1252,
     0.0590,
     1.0148,
     0.0000,
     1.0000},
    {0.70,
     3.3333,
     2.0558,
     1.8985,
     1.8762,
     1.6145,
     1.3568,
     0.2706,
     1.1128,
     0.0044,
     1.0002},
    {0.80,
     5.0000,
     2.9797,
     2.7286,
     2.6927,
     1.9474,
     1.5809,
     0.4576,
     1.2860,
     0.0561,
     1.0044},
    {0.90,
     10.000,
     5.7807,
     5.2539,
     5.1787,
     2.6141,
     2.0279,
     0.7015,
     1.8769,
     0.3107,
     1.0485},
    {0.95,
     20.000,
     11.4006,
     10.3259,
     10.1724,
     3.3830,
     2.5351,
     0.8442,
     3.1104,
     0.5880,
     1.1838},
    {0.99,
     100.00,
     56.3968,
     50.9464,
     50.1678,
     5.4320,
     3.8578,
     0.9678,
     13.0975,
     0.9059,
     2.4155},
};

TEST(TheoryTest, GoldenNumbers) {
  constexpr double kDigits = 0.00006;
  for (const Golden& row : kGolden) {
    SCOPED_TRACE(row.load);
    const double load = row.load;
    EXPECT_NEAR(PollaczekKhinchineMean(load, 2), row.random, kDigits);
    EXPECT_NEAR(1 / (1 - RoundRobinSigma(8, load)), row.rr8, kDigits);
    EXPECT_NEAR(1 / (1 - RoundRobinSigma(64, load)), row.rr64, kDigits);
    EXPECT_NEAR(1 / (1 - RoundRobinSigma(0, load)), row.rr_infinite, kDigits);
    EXPECT_NEAR(ChoicesMean(2, load), row.two, kDigits);
    EXPECT_NEAR(ChoicesMean(3, load), row.three, kDigits);
    EXPECT_NEAR(ErlangC(8, load), row.c8, kDigits);
    EXPECT_NEAR(CentralQueueMean(8, load), row.mean8, kDigits);
    EXPECT_NEAR(ErlangC(64, load), row.c64, kDigits);
    EXPECT_NEAR(CentralQueueMean(64, load), row.mean64, kDigits);
  }
}

TEST(TheoryTest, GoldenQuantiles) {
  constexpr struct {
    double load, random, rr8, central8;
  } kP99[] = {{0.50, 9.210, 6.182, 4.625},
              {0.90, 46.05, 26.62, 7.087},
              {0.95, 92.10, 52.50, 12.37},
              {0.99, 460.5, 259.7, 58.20}};
  for (const auto& row : kP99) {
    const double load = row.load;
    const double rr = 1 / (1 - RoundRobinSigma(8, load));
    EXPECT_NEAR(
        ExponentialQuantile(1 / (1 - load), 0.99) / row.random, 1, 6e-4);
    EXPECT_NEAR(ExponentialQuantile(rr, 0.99) / row.rr8, 1, 6e-4);
    EXPECT_NEAR(CentralQueueQuantile(8, load, 0.99) / row.central8, 1, 6e-4);
  }
}

TEST(TheoryTest, OneWorkerIsTheSameInEveryFormula) {
  for (double load : {0.1, 0.5, 0.9}) {
    const double mean = 1 / (1 - load);
    EXPECT_NEAR(CentralQueueMean(1, load), mean, 1e-9);
    EXPECT_NEAR(ErlangC(1, load), load, 1e-12);
    EXPECT_NEAR(RoundRobinSigma(1, load), load, 1e-7);
    EXPECT_NEAR(CentralQueueTail(1, load, 2), std::exp(-2 / mean), 1e-9);
    EXPECT_NEAR(ProcessorSharingMean(load), mean, 1e-12);
  }
}

TEST(TheoryTest, HyperExponentialTailHasTheMeanOfItsFormula) {
  constexpr double kStep = 0.01;
  for (const double load : {0.3, 0.7, 0.9}) {
    for (const double cv2 : {1.0, 4.0, 10.0}) {
      EXPECT_NEAR(HyperExponentialTail(load, cv2, 0), 1, 1e-9);
      double mean = 0;
      for (double t = kStep / 2; t < 3000; t += kStep) {
        mean += kStep * HyperExponentialTail(load, cv2, t);
      }
      EXPECT_NEAR(mean, PollaczekKhinchineMean(load, 1 + cv2), 1e-3);
    }
  }
}

TEST(TheoryTest, HyperExponentialOfOneKindIsExponential) {
  for (const double load : {0.5, 0.9}) {
    EXPECT_NEAR(HyperExponentialQuantile(load, 1, 0.99),
                ExponentialQuantile(1 / (1 - load), 0.99),
                1e-6);
  }
}

// Where wait and service end at the same rate the formula has a gap to close.
TEST(TheoryTest, TailIsSmoothWhereRatesMeet) {
  const double at = CentralQueueTail(2, 0.5, 1.5);
  EXPECT_NEAR(at, CentralQueueTail(2, 0.5 + 1e-6, 1.5), 1e-5);
  EXPECT_NEAR(at, CentralQueueTail(2, 0.5 - 1e-6, 1.5), 1e-5);
}

TEST(TheoryTest, ChoicesFallDoublyExponentially) {
  EXPECT_DOUBLE_EQ(ChoicesShareWithAtLeast(2, 0.9, 0), 1);
  EXPECT_DOUBLE_EQ(ChoicesShareWithAtLeast(2, 0.9, 1), 0.9);
  EXPECT_DOUBLE_EQ(ChoicesShareWithAtLeast(2, 0.9, 3), std::pow(0.9, 7));
}

}  // namespace
}  // namespace cluster::lab
