// PrimaryMetrics: the host's own numbers, all of which begin with "cluster_".
//
// Thread safety: plain values and a pure function.
#ifndef CORE_PRIMARY_TELEMETRY_PRIMARY_METRICS_H_
#define CORE_PRIMARY_TELEMETRY_PRIMARY_METRICS_H_

#include <cstdint>
#include <vector>

#include "core/primary/connections/accounts.h"
#include "core/primary/telemetry/metric_family.h"

namespace cluster {

// What the primary counts of its workers.
struct WorkerCounts {
  uint64_t wanted = 0;   // as many as there are slots
  uint64_t alive = 0;    // processes
  uint64_t serving = 0;  // of these, those that get connections
  uint64_t restarts = 0;
  uint64_t planned_exits = 0;
  uint64_t unplanned_exits = 0;
};

std::vector<MetricFamily> PrimaryMetrics(const Accounts& accounts,
                                         const WorkerCounts& workers);

}  // namespace cluster

#endif  // CORE_PRIMARY_TELEMETRY_PRIMARY_METRICS_H_
