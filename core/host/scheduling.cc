#include "core/host/scheduling.h"

#include <cstdint>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/host/cpu_placement.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

// What a primary that steers takes itself, it gives to whoever has least to do.
constexpr char kPolicyOfRescue[] = "least_connections";

void FillDispatch(const HostOptions& options, DispatchOptions* out) {
  out->weights = options.weights;
  out->slow_start_ns = absl::ToInt64Nanoseconds(options.slow_start);
  out->ejection.consecutive = options.eject;
  for (const uint32_t most : options.max_connections) {
    out->max_connections.push_back(
        most > 0 ? most : std::numeric_limits<uint32_t>::max());
  }
}

absl::Status CheckPolicy(const HostOptions& options) {
  const absl::StatusOr<std::unique_ptr<Policy>> made =
      MakePolicy(options.policy, 0);
  if (!made.ok()) {
    return absl::Status(made.status().code(),
                        absl::StrCat("--policy: ", made.status().message()));
  }
  const Policy& policy = **made;
  if (options.weights.empty() || policy.heeds_weights()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--weights does not go with --policy=",
                   policy.name(),
                   ", which ignores them: smooth_weighted_round_robin does "
                   "not"));
}

}  // namespace

absl::Status PrepareScheduling(const HostOptions& options,
                               ListenerGroupOptions* out) {
  FillDispatch(options, &out->dispatch);
  if (options.data_path == DataPath::kHandoff) {
    out->policy = options.policy;
    return CheckPolicy(options);
  }
  out->policy = kPolicyOfRescue;
  out->steer.weights = options.weights;
  if (options.policy != kSteerCpuLocal) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      out->steer.cpus,
      PlaceOnCpus(options.workers, CpusOfThisProcess(), OnlineCpus()));
  return absl::OkStatus();
}

}  // namespace cluster
