// RecordWorkload: a simulated workload as a trace, for --replay.
#ifndef TOOLS_POLICY_LAB_RECORD_WORKLOAD_H_
#define TOOLS_POLICY_LAB_RECORD_WORKLOAD_H_

#include <string>

#include "absl/status/status.h"
#include "tools/policy_lab/experiment.h"

namespace cluster::lab {

// Runs the first policy on the first seed and writes its arrivals to `path`.
// Errors are those of TraceWriter and RunOnce().
absl::Status RecordWorkload(const Experiment& experiment,
                            const std::string& path);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_RECORD_WORKLOAD_H_
