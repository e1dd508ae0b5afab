#include "core/host/scheduling.h"

#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/host/cpu_placement.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

// What a primary that steers takes itself, it gives to whoever has least to do.
constexpr char kPolicyOfRescue[] = "least_connections";

}  // namespace

absl::Status PrepareScheduling(const HostOptions& options,
                               ListenerGroupOptions* out) {
  if (options.data_path == DataPath::kHandoff) {
    out->policy = options.policy;
    return MakePolicy(options.policy, 0).status();
  }
  out->policy = kPolicyOfRescue;
  if (options.policy != "cpu_local") return absl::OkStatus();
  ASSIGN_OR_RETURN(
      out->steer.cpus,
      PlaceOnCpus(options.workers, CpusOfThisProcess(), OnlineCpus()));
  return absl::OkStatus();
}

}  // namespace cluster
