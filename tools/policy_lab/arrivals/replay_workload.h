// ReplayWorkload: what was recorded, as it came.
#ifndef TOOLS_POLICY_LAB_ARRIVALS_REPLAY_WORKLOAD_H_
#define TOOLS_POLICY_LAB_ARRIVALS_REPLAY_WORKLOAD_H_

#include <cstdint>

#include "absl/status/status.h"
#include "core/trace/trace_reader.h"
#include "core/trace/trace_row.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {

class ReplayWorkload : public Workload {
 public:
  // The first `count` rows of a trace that was just opened.
  ReplayWorkload(TraceReader reader, uint64_t count);

  Demand Take() override;
  absl::Status status() const override { return status_; }

 private:
  void Advance();

  TraceReader reader_;
  uint64_t left_;
  TraceRow row_;
  absl::Status status_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_ARRIVALS_REPLAY_WORKLOAD_H_
