// Laws that hold on every path, whatever the policy: nothing is made or gets
// lost, and Little's law to the nanosecond.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "scheduler/policy.h"
#include "tools/policy_lab/experiment.h"
#include "tools/policy_lab/job_pool.h"
#include "tools/policy_lab/run_once.h"
#include "tools/policy_lab/run_result.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/simulation.h"
#include "tools/policy_lab/statistics/confidence.h"
#include "tools/policy_lab/statistics/moments.h"
#include "tools/policy_lab/summary.h"
#include "tools/policy_lab/testing_scenario.h"

namespace cluster::lab {
namespace {

RunResult RunIt(const Scenario& scenario,
                const std::string& policy,
                SimulationObserver* observer = nullptr,
                uint64_t seed = 3) {
  absl::StatusOr<RunResult> result =
      RunOnce(scenario, policy, seed, {.observer = observer});
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

// Of each worker: the integral of what is there over time, kept as the number
// changes, is the sum of all response times, kept as requests end.
void ExpectLittlesLaw(const RunResult& result) {
  for (const WorkerTotals& worker : result.workers) {
    EXPECT_EQ(worker.area_ns, worker.response_ns);
    EXPECT_EQ(worker.requests, 0u);
    EXPECT_LE(worker.busy_ns, result.end_ns);
    EXPECT_GT(worker.completed, 0u);
  }
}

TEST(ConservationTest, LittlesLawHoldsForEveryWorkerAndModel) {
  for (const char* policy : {"random", "round_robin", "least_connections"}) {
    for (bool sharing : {false, true}) {
      SCOPED_TRACE(policy);
      SCOPED_TRACE(sharing);
      Scenario scenario = PoissonScenario(5, 0.8, 50'000);
      scenario.simulation.processor_sharing = sharing;
      const RunResult result = RunIt(scenario, policy);
      ExpectLittlesLaw(result);
      EXPECT_EQ(result.arrived, 50'000u);
      EXPECT_EQ(result.ended, 50'000u);
      EXPECT_EQ(result.response.count(), 40'000u);
      EXPECT_EQ(result.lost + result.present, 0u);
    }
  }
}

TEST(ConservationTest, FirstComeFirstServedWorksOffExactlyWhatCame) {
  class WorkCounter : public SimulationObserver {
   public:
    void OnArrival(const Arrival& arrival) override {
      came_ns += arrival.work_ns;
    }
    int64_t came_ns = 0;
  } counter;
  const RunResult result =
      RunIt(PoissonScenario(5, 0.8, 50'000), "random", &counter);
  int64_t busy_ns = 0;
  for (const WorkerTotals& worker : result.workers) busy_ns += worker.busy_ns;
  EXPECT_EQ(busy_ns, counter.came_ns);
}

TEST(ConservationTest, LongConnectionsServeAllTheirRequests) {
  Scenario scenario = PoissonScenario(4, 0.7, 10'000);
  scenario.requests.requests = 20;
  scenario.requests.think_ns = 5 * kUnitNs;
  for (const char* policy : {"round_robin", "least_connections"}) {
    const RunResult result = RunIt(scenario, policy);
    ExpectLittlesLaw(result);
    EXPECT_EQ(result.ended, 10'000u);
    uint64_t requests = 0;
    for (const WorkerTotals& worker : result.workers) {
      requests += worker.completed;
    }
    EXPECT_NEAR(static_cast<double>(requests), 200'000, 8'000);
    EXPECT_NEAR(result.busy_share, 0.7, 0.05);
  }
}

// Requests, their work and their pauses are those of the connection whatever
// the policy.
TEST(ConservationTest, PoliciesAreComparedOnTheSameWork) {
  class Keeper : public SimulationObserver {
   public:
    void OnArrival(const Arrival& arrival) override {
      seen.insert({arrival.now_ns, arrival.work_ns});
    }
    void OnCompleted(uint32_t, const Job& job, int64_t) override {
      done_ns += job.work_ns;
    }
    std::multimap<int64_t, int64_t> seen;
    int64_t done_ns = 0;
  };
  Scenario scenario = PoissonScenario(4, 0.7, 5'000);
  scenario.requests.requests = 5;
  Keeper one;
  Keeper two;
  RunIt(scenario, "round_robin", &one);
  RunIt(scenario, "least_connections", &two);
  EXPECT_EQ(one.seen, two.seen);
  EXPECT_EQ(one.done_ns, two.done_ns);
}

// Counts how many requests there are, and how many an arrival finds.
class Seen : public SimulationObserver {
 public:
  void OnArrival(const Arrival& arrival) override {
    Pass(arrival.now_ns);
    ++arrivals[present];
  }
  void OnPlaced(uint32_t, int64_t now_ns) override {
    Pass(now_ns);
    ++present;
  }
  void OnCompleted(uint32_t, const Job&, int64_t now_ns) override {
    Pass(now_ns);
    --present;
  }
  void Pass(int64_t now_ns) {
    time_ns[present] += static_cast<double>(now_ns - last_ns);
    last_ns = now_ns;
  }
  int present = 0;
  int64_t last_ns = 0;
  std::map<int, double> arrivals;
  std::map<int, double> time_ns;
};

// What arrivals see is what there is on average over time: the shares of both
// at each number of requests do not differ, but by chance.
TEST(ConservationTest, ArrivalsSeeTimeAverages) {
  constexpr int kArrivals = 100'000;
  constexpr uint64_t kSeeds = 20;
  constexpr int kMost = 12;
  Moments differences[kMost];
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Seen seen;
    const RunResult result = RunIt(
        PoissonScenario(4, 0.7, kArrivals), "least_connections", &seen, seed);
    for (int k = 0; k < kMost; ++k) {
      differences[k].Add(seen.arrivals[k] / kArrivals -
                         seen.time_ns[k] / static_cast<double>(result.end_ns));
    }
  }
  for (int k = 0; k < kMost; ++k) {
    const Interval interval = IntervalOf(differences[k], kConfidence);
    EXPECT_LE(std::abs(interval.mean), interval.half_width) << k;
    EXPECT_LT(interval.half_width, 0.002) << k;
  }
}

TEST(ConservationTest, EqualSeedsGiveEqualResultsOnAnyNumberOfThreads) {
  Experiment experiment = {.scenario = PoissonScenario(8, 0.9, 20'000),
                           .policies = {"random", "least_connections"},
                           .seeds = 7};
  const auto one = RunExperiment(experiment, nullptr);
  experiment.threads = 4;
  const auto four = RunExperiment(experiment, nullptr);
  ASSERT_TRUE(one.ok() && four.ok());
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*one)[i].mean_ns.mean(), (*four)[i].mean_ns.mean());
    EXPECT_EQ((*one)[i].p99_ns.variance(), (*four)[i].p99_ns.variance());
    EXPECT_EQ((*one)[i].response.max_ns(), (*four)[i].response.max_ns());
    EXPECT_EQ((*one)[i].arrived, 140'000u);
  }
}

TEST(ConservationTest, UnknownPolicyIsAnError) {
  EXPECT_FALSE(RunExperiment({.scenario = PoissonScenario(2, 0.5, 100),
                              .policies = {"random", "best"}},
                             nullptr)
                   .ok());
}

}  // namespace
}  // namespace cluster::lab
