#include "tools/policy_lab/run_once.h"

#include <memory>

#include "core/base/status_macros.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "tools/policy_lab/random_stream.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {
namespace {

// No stream of the workload's.
constexpr uint64_t kPolicyStream = 99;

}  // namespace

absl::StatusOr<RunResult> RunOnce(const Scenario& scenario,
                                  const std::string& policy,
                                  uint64_t seed,
                                  const RunListeners& listeners) {
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Policy> chosen,
      MakePolicy(policy, RandomStream(seed, kPolicyStream).Next()));
  ASSIGN_OR_RETURN(const std::unique_ptr<Workload> workload,
                   MakeWorkload(scenario, seed));
  SimulationConfig config = scenario.simulation;
  config.board.shows_work = chosen->reads_work();
  Simulation simulation(config, *workload, *chosen);
  simulation.set_observer(listeners.observer);
  simulation.set_progress(listeners.progress);
  RunResult result = simulation.Run();
  RETURN_IF_ERROR(workload->status());
  return result;
}

}  // namespace cluster::lab
