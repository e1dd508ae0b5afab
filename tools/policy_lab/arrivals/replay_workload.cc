#include "tools/policy_lab/arrivals/replay_workload.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"

namespace cluster::lab {

ReplayWorkload::ReplayWorkload(TraceReader reader, uint64_t count)
    : reader_(std::move(reader)), left_(count) {
  Advance();
}

void ReplayWorkload::Advance() {
  next_ns_ = kNever;
  if (left_ == 0) return;
  const absl::StatusOr<bool> more = reader_.Next(&row_);
  status_ = more.status();
  if (more.ok() && *more) next_ns_ = row_.arrival_ns;
}

Demand ReplayWorkload::Take() {
  const Demand demand = {.work_ns = std::max<int64_t>(1, row_.service_ns),
                         .key = row_.key};
  --left_;
  Advance();
  return demand;
}

}  // namespace cluster::lab
