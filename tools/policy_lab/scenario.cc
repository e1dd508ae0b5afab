#include "tools/policy_lab/scenario.h"

#include <utility>

#include "core/base/status_macros.h"
#include "core/trace/trace_reader.h"
#include "tools/policy_lab/arrivals/closed_workload.h"
#include "tools/policy_lab/arrivals/gaps.h"
#include "tools/policy_lab/arrivals/mmpp.h"
#include "tools/policy_lab/arrivals/open_workload.h"
#include "tools/policy_lab/arrivals/poisson.h"
#include "tools/policy_lab/arrivals/replay_workload.h"

namespace cluster::lab {

absl::StatusOr<std::unique_ptr<Workload>> MakeWorkload(const Scenario& scenario,
                                                       uint64_t seed) {
  const uint64_t arrivals = scenario.simulation.arrivals;
  if (scenario.traffic == Traffic::kReplay) {
    ASSIGN_OR_RETURN(TraceReader reader, TraceReader::Open(scenario.replay));
    return std::make_unique<ReplayWorkload>(std::move(reader), arrivals);
  }
  if (scenario.traffic == Traffic::kClosed) {
    return std::make_unique<ClosedWorkload>(scenario.clients,
                                            scenario.client_think_ns,
                                            arrivals,
                                            scenario.requests,
                                            seed);
  }
  const double gap_ns = scenario.requests.mean_work_ns *
                        scenario.requests.requests /
                        (scenario.load * scenario.simulation.board.workers);
  std::unique_ptr<Gaps> gaps = std::make_unique<Poisson>();
  if (scenario.traffic == Traffic::kMmpp) {
    gaps = std::make_unique<Mmpp>(
        scenario.peak, scenario.burst_share, scenario.burst_ns / gap_ns);
  }
  return std::make_unique<OpenWorkload>(
      std::move(gaps), gap_ns, arrivals, scenario.requests, seed);
}

}  // namespace cluster::lab
