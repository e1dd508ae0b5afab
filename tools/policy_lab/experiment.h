// RunExperiment: all policies on all seeds of a scenario, on some threads. What
// it returns does not depend on how many.
#ifndef TOOLS_POLICY_LAB_EXPERIMENT_H_
#define TOOLS_POLICY_LAB_EXPERIMENT_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/summary.h"

namespace cluster::lab {

struct Experiment {
  Scenario scenario;
  std::vector<std::string> policies;  // specs
  uint32_t seeds = 1;
  uint64_t first_seed = 1;
  uint32_t threads = 1;
};

// Returns a summary for each policy, in their order. Arrivals are added to
// `progress`, which may be null, as they come.
// Errors are those of RunOnce(), of the first run that has one.
absl::StatusOr<std::vector<Summary>> RunExperiment(
    const Experiment& experiment, std::atomic<uint64_t>* progress);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_EXPERIMENT_H_
