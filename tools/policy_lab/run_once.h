// RunOnce: one policy, one seed, one scenario.
#ifndef TOOLS_POLICY_LAB_RUN_ONCE_H_
#define TOOLS_POLICY_LAB_RUN_ONCE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tools/policy_lab/run_result.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/simulation.h"

namespace cluster::lab {

// What a run tells while it goes on; either may be null.
struct RunListeners {
  SimulationObserver* observer = nullptr;
  std::atomic<uint64_t>* progress = nullptr;
};

// Simulates from beginning to end; safe from any thread. The workload of a seed
// is the same whatever the policy.
//   kInvalidArgument  there is no such policy
//   others            of TraceReader, when a trace is replayed
absl::StatusOr<RunResult> RunOnce(const Scenario& scenario,
                                  const std::string& policy,
                                  uint64_t seed,
                                  const RunListeners& listeners = {});

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_RUN_ONCE_H_
