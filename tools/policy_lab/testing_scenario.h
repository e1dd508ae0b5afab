// Scenarios for the tests that hold simulations against theory. Times are in
// units of the mean service time, which is a millisecond.
#ifndef TOOLS_POLICY_LAB_TESTING_SCENARIO_H_
#define TOOLS_POLICY_LAB_TESTING_SCENARIO_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tools/policy_lab/experiment.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/service/make_service.h"
#include "tools/policy_lab/summary.h"

namespace cluster::lab {

inline constexpr double kUnitNs = 1e6;
// The chance with which a test's interval holds the true value.
inline constexpr double kConfidence = 0.999;

inline Scenario PoissonScenario(uint32_t workers,
                                double load,
                                uint64_t arrivals,
                                const std::string& service = "exponential") {
  Scenario scenario;
  scenario.simulation.board.workers = workers;
  scenario.simulation.arrivals = arrivals;
  scenario.simulation.warmup = arrivals / 5;
  scenario.requests.service = *MakeService(service, "");
  scenario.requests.mean_work_ns = kUnitNs;
  scenario.load = load;
  return scenario;
}

inline Summary RunSeeds(const Scenario& scenario,
                        const std::string& policy,
                        uint32_t seeds = 20) {
  const auto summaries = RunExperiment(
      {.scenario = scenario, .policies = {policy}, .seeds = seeds}, nullptr);
  EXPECT_TRUE(summaries.ok()) << summaries.status();
  return summaries->front();
}

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_TESTING_SCENARIO_H_
