#include "core/host/cpu_placement.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cluster {

std::vector<int> CpusOfThisProcess() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

uint32_t OnlineCpus() {
  return static_cast<uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

absl::StatusOr<std::vector<int>> PlaceOnCpus(uint32_t workers,
                                             const std::vector<int>& allowed,
                                             uint32_t online) {
  if (allowed.size() < online) {
    return absl::FailedPreconditionError(
        absl::StrCat("--policy=cpu_local needs every CPU of the machine, and "
                     "this process may use ",
                     allowed.size(),
                     " of its ",
                     online,
                     " (taskset, cpuset): use --policy=random"));
  }
  if (workers != allowed.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("--policy=cpu_local needs one worker for each CPU: use "
                     "--workers=",
                     allowed.size(),
                     ", or --policy=random"));
  }
  return allowed;
}

}  // namespace cluster
