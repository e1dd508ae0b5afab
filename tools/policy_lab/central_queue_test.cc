// The strongest single test of the simulator: least work left is, arrival by
// arrival, one queue before all workers. That queue is computed apart from the
// simulator, by the recursion of Kiefer and Wolfowitz.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "scheduler/policy.h"
#include "tools/policy_lab/job_pool.h"
#include "tools/policy_lab/run_once.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/simulation.h"
#include "tools/policy_lab/testing_scenario.h"

namespace cluster::lab {
namespace {

// Arrival and wait.
using Waits = std::vector<std::pair<int64_t, int64_t>>;

class WaitRecorder : public SimulationObserver {
 public:
  void OnArrival(const Arrival& arrival) override {
    arrivals.push_back({arrival.now_ns, arrival.work_ns});
  }
  void OnCompleted(uint32_t, const Job& job, int64_t now_ns) override {
    waits.push_back({job.arrival_ns, now_ns - job.arrival_ns - job.work_ns});
  }

  std::vector<std::pair<int64_t, int64_t>> arrivals;  // and work
  Waits waits;
};

// Source: J. Kiefer, J. Wolfowitz, "On the Theory of Queues with Many Servers",
// Trans. AMS 78, 1955: the work at each of n servers, sorted; a customer adds
// to the least, and time takes from all.
Waits CentralQueue(uint32_t servers,
                   const std::vector<std::pair<int64_t, int64_t>>& arrivals) {
  std::vector<int64_t> left(servers, 0);
  Waits waits;
  int64_t before_ns = 0;
  for (const auto& [now_ns, work_ns] : arrivals) {
    for (int64_t& each : left) {
      each = std::max<int64_t>(0, each - (now_ns - before_ns));
    }
    before_ns = now_ns;
    waits.push_back({now_ns, left[0]});
    left[0] += work_ns;
    std::sort(left.begin(), left.end());
  }
  return waits;
}

class CentralQueueTest : public testing::TestWithParam<const char*> {};

TEST_P(CentralQueueTest, LeastWorkWaitsAsTheCentralQueueDoes) {
  for (uint32_t workers : {1, 3, 8, 50}) {
    const Scenario scenario =
        PoissonScenario(workers, 0.9, 100'000, GetParam());
    WaitRecorder recorder;
    ASSERT_TRUE(
        RunOnce(scenario, "least_work", 5, {.observer = &recorder}).ok());
    Waits expected = CentralQueue(workers, recorder.arrivals);
    ASSERT_EQ(expected.size(), 100'000u);
    std::sort(expected.begin(), expected.end());
    std::sort(recorder.waits.begin(), recorder.waits.end());
    ASSERT_EQ(recorder.waits, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         CentralQueueTest,
                         testing::Values("exponential",
                                         "deterministic",
                                         "hyperexponential:cv2=10",
                                         "pareto:alpha=1.5",
                                         "bimodal:long=1%,ratio=100"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           const std::string text = info.param;
                           return text.substr(0, text.find(':'));
                         });

// The comparison sees a difference of one pick.
TEST(CentralQueueComparisonTest, AnotherPolicyWaitsOtherwise) {
  WaitRecorder recorder;
  ASSERT_TRUE(RunOnce(PoissonScenario(8, 0.9, 10'000),
                      "least_connections",
                      5,
                      {.observer = &recorder})
                  .ok());
  EXPECT_NE(recorder.waits, CentralQueue(8, recorder.arrivals));
}

}  // namespace
}  // namespace cluster::lab
