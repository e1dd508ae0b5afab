#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/policy_lab/incident.h"
#include "tools/policy_lab/job_pool.h"
#include "tools/policy_lab/run_once.h"
#include "tools/policy_lab/run_result.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/sim_time.h"
#include "tools/policy_lab/simulation.h"
#include "tools/policy_lab/testing_scenario.h"

namespace cluster::lab {
namespace {

constexpr int64_t kMs = 1'000'000;

RunResult RunIt(const Scenario& scenario,
                const std::string& policy = "round_robin",
                SimulationObserver* observer = nullptr) {
  absl::StatusOr<RunResult> result =
      RunOnce(scenario, policy, 3, {.observer = observer});
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

// Who got what, between two times.
class PlacedBetween : public SimulationObserver {
 public:
  PlacedBetween(uint32_t workers, int64_t from_ns, int64_t to_ns)
      : counts(workers), from_ns_(from_ns), to_ns_(to_ns) {}
  void OnPlaced(uint32_t worker, int64_t now_ns) override {
    if (now_ns >= from_ns_ && now_ns < to_ns_) ++counts[worker];
  }
  std::vector<int> counts;

 private:
  int64_t from_ns_;
  int64_t to_ns_;
};

// Each of four workers has a load of 0.5; 1000 ms are about 2000 arrivals.
Scenario With(const Incident& incident) {
  Scenario scenario = PoissonScenario(4, 0.5, 20'000);
  scenario.simulation.warmup = 0;
  scenario.simulation.incidents = {incident};
  return scenario;
}

TEST(IncidentsTest, SlowWorkerIsBusierByItsFactor) {
  const RunResult result =
      RunIt(With({.kind = Incident::Kind::kSlow, .worker = 2, .factor = 1.6}));
  const auto end = static_cast<double>(result.end_ns);
  EXPECT_NEAR(static_cast<double>(result.workers[2].busy_ns) / end, 0.8, 0.04);
  EXPECT_NEAR(static_cast<double>(result.workers[1].busy_ns) / end, 0.5, 0.03);
}

TEST(IncidentsTest, StalledWorkerDoesNothingAndThenGoesOn) {
  class Longest : public SimulationObserver {
   public:
    void OnCompleted(uint32_t worker, const Job&, int64_t now_ns) override {
      const bool stalled = now_ns > 1000 * kMs && now_ns < 1500 * kMs;
      during += stalled && worker == 1 ? 1 : 0;
    }
    int during = 0;
  } observer;
  const RunResult result = RunIt(With({.kind = Incident::Kind::kStall,
                                       .worker = 1,
                                       .from_ns = 1000 * kMs,
                                       .to_ns = 1500 * kMs}),
                                 "round_robin",
                                 &observer);
  EXPECT_EQ(observer.during, 0);
  EXPECT_EQ(result.ended, 20'000u);
  EXPECT_GT(result.response.max_ns(), 450 * kMs);
}

// Round robin does not see the stall; least_connections does, by the load.
TEST(IncidentsTest, LoadTellsAboutAStall) {
  const Incident stall = {.kind = Incident::Kind::kStall,
                          .worker = 1,
                          .from_ns = 1000 * kMs,
                          .to_ns = 1500 * kMs};
  const RunResult blind = RunIt(With(stall), "round_robin");
  const RunResult seeing = RunIt(With(stall), "least_connections");
  EXPECT_LT(seeing.response.Quantile(0.99), blind.response.Quantile(0.99) / 5);
}

TEST(IncidentsTest, StallForEverLeavesWhatItHolds) {
  const RunResult result =
      RunIt(With({.kind = Incident::Kind::kStall, .worker = 0, .from_ns = 0}));
  EXPECT_EQ(result.present, 5000u);
  EXPECT_EQ(result.ended, 15'000u);
  EXPECT_EQ(result.arrived, result.ended + result.lost + result.present);
}

TEST(IncidentsTest, NothingGoesToAWorkerThatIsAway) {
  PlacedBetween placed(4, 1000 * kMs, 2000 * kMs);
  const RunResult result = RunIt(With({.kind = Incident::Kind::kRestart,
                                       .worker = 3,
                                       .from_ns = 1000 * kMs,
                                       .to_ns = 2000 * kMs}),
                                 "round_robin",
                                 &placed);
  EXPECT_EQ(placed.counts[3], 0);
  EXPECT_GT(placed.counts[0], 500);
  EXPECT_LE(result.lost, 1u);  // what it had begun
  EXPECT_EQ(result.arrived, result.ended + result.lost);
  EXPECT_GT(result.workers[3].completed, 3000u);
}

TEST(IncidentsTest, RestartLosesAllThatAnEventLoopHadBegun) {
  Scenario scenario = With({.kind = Incident::Kind::kRestart,
                            .worker = 3,
                            .from_ns = 1000 * kMs,
                            .to_ns = 2000 * kMs});
  scenario.simulation.processor_sharing = true;
  scenario.load = 0.9;
  const RunResult result = RunIt(scenario);
  EXPECT_GT(result.lost, 1u);
  EXPECT_EQ(result.arrived, result.ended + result.lost);
}

// It comes back with nothing, and unknown, but for what died with it.
TEST(IncidentsTest, PolicyHearsOfWhatDiedWithAWorker) {
  PlacedBetween placed(4, 1100 * kMs, 1500 * kMs);
  Scenario scenario = With({.kind = Incident::Kind::kRestart,
                            .worker = 3,
                            .from_ns = 1000 * kMs,
                            .to_ns = 1100 * kMs});
  scenario.simulation.processor_sharing = true;
  const RunResult result = RunIt(scenario, "peak_ewma", &placed);
  ASSERT_GT(result.lost, 0u);
  EXPECT_GT(placed.counts[0], 200);
  EXPECT_LT(placed.counts[3], 20);
}

TEST(IncidentsTest, LongConnectionsOfAWorkerEndWithIt) {
  Scenario scenario = With({.kind = Incident::Kind::kRestart,
                            .worker = 0,
                            .from_ns = 1000 * kMs,
                            .to_ns = 1100 * kMs});
  scenario.requests.requests = 50;
  scenario.requests.think_ns = 10 * kUnitNs;
  scenario.simulation.arrivals = 1000;
  for (const char* policy : {"round_robin", "least_connections"}) {
    const RunResult result = RunIt(scenario, policy);
    EXPECT_GT(result.lost, 2u);
    EXPECT_EQ(result.arrived, result.ended + result.lost);
    for (const WorkerTotals& worker : result.workers) {
      EXPECT_EQ(worker.requests, 0u);
    }
  }
}

TEST(IncidentsTest, WithoutAWorkerConnectionsWait) {
  Scenario scenario = PoissonScenario(1, 0.5, 5'000);
  scenario.simulation.warmup = 0;
  scenario.simulation.incidents = {{.kind = Incident::Kind::kRestart,
                                    .worker = 0,
                                    .from_ns = 1000 * kMs,
                                    .to_ns = 1200 * kMs}};
  const RunResult result = RunIt(scenario);
  EXPECT_LE(result.lost, 1u);
  EXPECT_EQ(result.arrived, result.ended + result.lost);
  EXPECT_GT(result.response.max_ns(), 190 * kMs);

  scenario.simulation.incidents[0].to_ns = kNever;
  const RunResult for_ever = RunIt(scenario);
  EXPECT_GT(for_ever.present, 4000u);
  EXPECT_EQ(for_ever.arrived,
            for_ever.ended + for_ever.lost + for_ever.present);
}

TEST(IncidentsTest, RestartOnAStaleBoard) {
  Scenario scenario = With({.kind = Incident::Kind::kRestart,
                            .worker = 1,
                            .from_ns = 1000 * kMs,
                            .to_ns = 1500 * kMs});
  scenario.simulation.stale_ns = 5 * kMs;
  const RunResult result = RunIt(scenario, "least_connections");
  EXPECT_EQ(result.arrived, result.ended + result.lost);
}

TEST(IncidentsTest, RestartWhileAnotherIsAwayAndSlow) {
  Scenario scenario = With({.kind = Incident::Kind::kRestart,
                            .worker = 1,
                            .from_ns = 1000 * kMs,
                            .to_ns = 1500 * kMs});
  scenario.simulation.incidents.push_back({.kind = Incident::Kind::kRestart,
                                           .worker = 1,
                                           .from_ns = 1200 * kMs,
                                           .to_ns = 1700 * kMs});
  scenario.simulation.incidents.push_back({.kind = Incident::Kind::kSlow,
                                           .worker = 1,
                                           .factor = 2,
                                           .from_ns = 900 * kMs,
                                           .to_ns = 1600 * kMs});
  scenario.simulation.incidents.push_back({.kind = Incident::Kind::kRestart,
                                           .worker = 0,
                                           .from_ns = 1100 * kMs,
                                           .to_ns = 1300 * kMs});
  const RunResult result = RunIt(scenario, "least_connections");
  EXPECT_EQ(result.arrived, result.ended + result.lost);
}

}  // namespace
}  // namespace cluster::lab
