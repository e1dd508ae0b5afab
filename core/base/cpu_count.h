// AvailableCpus: how many CPUs this process may use, for the default number of
// workers. A container is often allowed two of the machine's sixty-four.
//
// The affinity mask and the CPU bandwidth quota of every control group above
// the process bound it (sched_getaffinity(2); the kernel's
// admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst).
//
// Thread safety: free functions, safe from any thread.
//
//   const int workers = AvailableCpus();
#ifndef CORE_BASE_CPU_COUNT_H_
#define CORE_BASE_CPU_COUNT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cluster {

// Returns the number of CPUs this process may use, at least 1.
int AvailableCpus();

// The same, given where to read quotas: as FindCpuCgroups().
int AvailableCpus(absl::string_view proc_self_cgroup, absl::string_view mount);

// A control group's directories of CPU settings, the process's own first, then
// its ancestors'.
struct CpuCgroups {
  std::vector<std::string> v1;
  std::vector<std::string> v2;
};

// Returns where to look, given the text of /proc/self/cgroup and the directory
// where control groups are mounted ("/sys/fs/cgroup").
CpuCgroups FindCpuCgroups(absl::string_view proc_self_cgroup,
                          absl::string_view mount);

// Returns the CPUs granted by the text of a v2 cpu.max ("150000 100000" is
// 1.5), or nothing when it sets no limit or cannot be read.
std::optional<double> QuotaOfV2(absl::string_view cpu_max);

// Returns the same by the texts of v1's cpu.cfs_quota_us and cpu.cfs_period_us.
std::optional<double> QuotaOfV1(absl::string_view quota_us,
                                absl::string_view period_us);

// Returns the least of `affinity` and all `quotas`, rounded up, at least 1.
int CombineCpuLimits(int affinity, const std::vector<double>& quotas);

}  // namespace cluster

#endif  // CORE_BASE_CPU_COUNT_H_
