// Simulated means and quantiles against theory: the true value must lie in the
// 99.9 % confidence interval over 20 seeds or more. The seeds are fixed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/statistics/confidence.h"
#include "tools/policy_lab/statistics/moments.h"
#include "tools/policy_lab/summary.h"
#include "tools/policy_lab/testing_scenario.h"
#include "tools/policy_lab/theory.h"

namespace cluster::lab {
namespace {

// Expects that theory's `value` is in the interval, and that this is so narrow
// that the test says something: a tenth to either side.
void ExpectHolds(const Moments& values, double scale, double value) {
  const Interval interval = IntervalOf(values, kConfidence);
  const double mean = interval.mean / scale;
  const double half_width = interval.half_width / scale;
  EXPECT_LE(std::abs(mean - value), half_width)
      << mean << " +- " << half_width << " does not hold " << value;
  EXPECT_LT(half_width, 0.1 * value);
}

TEST(TheoryAgreementTest, RandomSplitIsManyTimesMM1) {
  for (double load : {0.5, 0.9}) {
    SCOPED_TRACE(load);
    const Summary run = RunSeeds(PoissonScenario(8, load, 400'000), "random");
    const double mean = PollaczekKhinchineMean(load, 2);
    ExpectHolds(run.mean_ns, kUnitNs, mean);
    ExpectHolds(run.p50_ns, kUnitNs, ExponentialQuantile(mean, 0.5));
    ExpectHolds(run.p99_ns, kUnitNs, ExponentialQuantile(mean, 0.99));
    // PASTA: an arrival finds its worker busy as often as it is.
    ExpectHolds(run.waited, 1, load);
    ExpectHolds(run.busy, 1, load);
  }
}

TEST(TheoryAgreementTest, RandomSplitOfOtherServicesIsMG1) {
  for (const char* service : {"deterministic",
                              "hyperexponential:cv2=4",
                              "bimodal:long=10%,ratio=10",
                              "pareto:alpha=6"}) {
    SCOPED_TRACE(service);
    const Scenario scenario = PoissonScenario(8, 0.7, 150'000, service);
    ExpectHolds(RunSeeds(scenario, "random").mean_ns,
                kUnitNs,
                PollaczekKhinchineMean(
                    0.7, scenario.requests.service->second_moment()));
  }
}

TEST(TheoryAgreementTest, RandomSplitOfTwoKindsIsMH21) {
  const Summary run = RunSeeds(
      PoissonScenario(8, 0.7, 300'000, "hyperexponential:cv2=4"), "random");
  ExpectHolds(run.p50_ns, kUnitNs, HyperExponentialQuantile(0.7, 4, 0.5));
  ExpectHolds(run.p99_ns, kUnitNs, HyperExponentialQuantile(0.7, 4, 0.99));
}

TEST(TheoryAgreementTest, RoundRobinIsErlangArrivals) {
  for (uint32_t workers : {8, 64}) {
    SCOPED_TRACE(workers);
    const double load = 0.9;
    const Summary run =
        RunSeeds(PoissonScenario(workers, load, 200'000 + 6'000 * workers),
                 "round_robin");
    const double mean = 1 / (1 - RoundRobinSigma(workers, load));
    ExpectHolds(run.mean_ns, kUnitNs, mean);
    ExpectHolds(run.p99_ns, kUnitNs, ExponentialQuantile(mean, 0.99));
    ExpectHolds(run.waited, 1, RoundRobinSigma(workers, load));
  }
}

TEST(TheoryAgreementTest, LeastWorkIsTheCentralQueue) {
  for (double load : {0.5, 0.9}) {
    SCOPED_TRACE(load);
    const Summary run =
        RunSeeds(PoissonScenario(8, load, 200'000), "least_work");
    ExpectHolds(run.mean_ns, kUnitNs, CentralQueueMean(8, load));
    ExpectHolds(run.p99_ns, kUnitNs, CentralQueueQuantile(8, load, 0.99));
    ExpectHolds(run.waited, 1, ErlangC(8, load));
  }
}

TEST(TheoryAgreementTest, ProcessorSharingDependsOnTheMeanAlone) {
  for (const char* service : {"deterministic",
                              "exponential",
                              "hyperexponential:cv2=4",
                              "bimodal:long=10%,ratio=10"}) {
    SCOPED_TRACE(service);
    Scenario scenario = PoissonScenario(8, 0.7, 150'000, service);
    scenario.simulation.processor_sharing = true;
    ExpectHolds(RunSeeds(scenario, "random").mean_ns,
                kUnitNs,
                ProcessorSharingMean(0.7));
  }
}

// Returns how far the mean of JSQ(2) is above its limit for infinitely many.
Interval ExcessOfTwoChoices(uint32_t workers, double load) {
  const Summary run =
      RunSeeds(PoissonScenario(workers, load, 600'000), "p2c:d=2");
  const Interval mean = IntervalOf(run.mean_ns, kConfidence);
  return {mean.mean / kUnitNs - ChoicesMean(2, load),
          mean.half_width / kUnitNs};
}

TEST(TheoryAgreementTest, ChoicesComeNearTheirLimitAsOneByN) {
  const Interval at_50 = ExcessOfTwoChoices(50, 0.8);
  const Interval at_500 = ExcessOfTwoChoices(500, 0.8);
  EXPECT_GT(at_500.mean, 0);
  EXPECT_LT(at_500.mean, 0.01 * ChoicesMean(2, 0.8));
  // Ten times the workers, a tenth of the excess.
  EXPECT_LT(at_50.half_width, 0.5 * at_50.mean);
  EXPECT_NEAR(
      at_500.mean, at_50.mean / 10, at_500.half_width + at_50.half_width / 10);
  EXPECT_GT(at_50.mean - at_50.half_width, at_500.mean + at_500.half_width);
}

// What is above the limit falls as 1/n: twice as many workers, half the excess,
// and so two sizes foretell the mean for infinitely many.
TEST(TheoryAgreementTest, ChoicesForetellTheirLimit) {
  constexpr struct {
    uint32_t choices;
    double load;
  } kCases[] = {{2, 0.8}, {3, 0.9}};
  for (const auto& [choices, load] : kCases) {
    const std::string policy = "p2c:d=" + std::to_string(choices);
    SCOPED_TRACE(policy);
    const Interval half = IntervalOf(
        RunSeeds(PoissonScenario(250, load, 400'000), policy).mean_ns,
        kConfidence);
    const Interval whole = IntervalOf(
        RunSeeds(PoissonScenario(500, load, 800'000), policy).mean_ns,
        kConfidence);
    const double foretold = (2 * whole.mean - half.mean) / kUnitNs;
    const double half_width =
        std::hypot(2 * whole.half_width, half.half_width) / kUnitNs;
    const double limit = ChoicesMean(choices, load);
    EXPECT_LE(std::abs(foretold - limit), half_width)
        << foretold << " +- " << half_width << " does not hold " << limit;
    EXPECT_LT(half_width, 0.015 * limit);
  }
}

// With one dispatcher that knows who is idle, waiting dies out with size.
TEST(TheoryAgreementTest, IdleFirstWaitsLessTheMoreWorkersThereAre) {
  double before = 1;
  for (uint32_t workers : {4, 16, 64, 256}) {
    const Summary run =
        RunSeeds(PoissonScenario(workers, 0.8, 200'000), "idle_first");
    EXPECT_LT(run.waited.mean(), before / 1.5) << workers;
    before = run.waited.mean();
  }
  EXPECT_LT(before, 0.001);
}

// No policy that is blind to sizes beats the shortest queue, and none at all
// the central queue, when service is exponential.
TEST(TheoryAgreementTest, PoliciesComeInTheirOrder) {
  const Scenario scenario = PoissonScenario(8, 0.9, 100'000);
  double before = CentralQueueMean(8, 0.9);
  for (const char* policy :
       {"least_connections", "p2c:d=2", "round_robin", "random"}) {
    const double mean = RunSeeds(scenario, policy).mean_ns.mean() / kUnitNs;
    EXPECT_GT(mean, 1.05 * before) << policy;
    before = mean;
  }
}

// A greedy policy that looks at an old board sends everything to one worker.
TEST(TheoryAgreementTest, GreedOnAnOldBoardIsWorseThanChance) {
  Scenario scenario = PoissonScenario(8, 0.9, 100'000);
  const double random = RunSeeds(scenario, "random").mean_ns.mean();
  const double fresh = RunSeeds(scenario, "least_connections").mean_ns.mean();
  EXPECT_LT(fresh, 0.5 * random);
  scenario.simulation.stale_ns = 20'000'000;  // 144 arrivals
  const double stale = RunSeeds(scenario, "least_connections").mean_ns.mean();
  EXPECT_GT(stale, 1.5 * random);
  // The younger the board, the nearer to a live one.
  scenario.simulation.stale_ns = 10'000;
  const double young = RunSeeds(scenario, "least_connections").mean_ns.mean();
  EXPECT_NEAR(young / fresh, 1, 0.1);
}

// Clients who wait make no more than they can: the flow is clients by the time
// that one of them takes for a round (the response time law).
TEST(TheoryAgreementTest, ClosedLoopKeepsTheResponseTimeLaw) {
  Scenario scenario = PoissonScenario(8, 0.9, 200'000);
  scenario.traffic = Traffic::kClosed;
  scenario.clients = 20;
  scenario.client_think_ns = 2 * kUnitNs;
  scenario.simulation.warmup = 0;
  const Summary run = RunSeeds(scenario, "least_connections");
  const double round = run.mean_ns.mean() / kUnitNs + 2;
  // Each worker does `busy` units of work in a unit of time.
  ExpectHolds(run.busy, 1, 20 / round / 8);
  EXPECT_LT(IntervalOf(run.busy, kConfidence).half_width, 0.005);
}

}  // namespace
}  // namespace cluster::lab
