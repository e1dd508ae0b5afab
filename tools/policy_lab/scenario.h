// Scenario: what is simulated, but for the policy and the seed.
#ifndef TOOLS_POLICY_LAB_SCENARIO_H_
#define TOOLS_POLICY_LAB_SCENARIO_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/policy_lab/arrivals/request_source.h"
#include "tools/policy_lab/simulation.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {

enum class Traffic { kPoisson, kMmpp, kClosed, kReplay };

struct Scenario {
  SimulationConfig simulation;
  RequestShape requests;
  Traffic traffic = Traffic::kPoisson;
  // Open traffic: the work that comes, as a share of what all workers of speed
  // 1 can do.
  double load = 0.9;
  // Bursts (kMmpp), as Mmpp has them.
  double peak = 4;
  double burst_share = 0.1;
  double burst_ns = 1e8;
  // Clients who wait (kClosed).
  uint32_t clients = 64;
  double client_think_ns = 0;
  std::string replay;  // a path (kReplay)
};

// Makes the arrivals and sizes of a seed; equal seeds make equal ones.
// Errors are those of TraceReader.
absl::StatusOr<std::unique_ptr<Workload>> MakeWorkload(const Scenario& scenario,
                                                       uint64_t seed);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SCENARIO_H_
