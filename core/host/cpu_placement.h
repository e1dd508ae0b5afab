// CpuPlacement: one worker for each CPU of the machine, as the policy cpu_local
// needs them. A packet may be received on any CPU that is online; one without a
// worker would have its connections hashed to workers that are elsewhere.
//
// Thread safety: free functions, safe from any thread.
//
//   ASSIGN_OR_RETURN(std::vector<int> cpus,
//                    PlaceOnCpus(workers, CpusOfThisProcess(), OnlineCpus()));
#ifndef CORE_HOST_CPU_PLACEMENT_H_
#define CORE_HOST_CPU_PLACEMENT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace cluster {

// Returns the CPUs that this process may run on, rising.
std::vector<int> CpusOfThisProcess();
// Returns how many CPUs of the machine are online.
uint32_t OnlineCpus();

// Returns the CPU of each worker, by slot.
//   kFailedPrecondition  there are not as many workers as CPUs, or this process
//                        may not use all; the message, one line, says which
absl::StatusOr<std::vector<int>> PlaceOnCpus(uint32_t workers,
                                             const std::vector<int>& allowed,
                                             uint32_t online);

}  // namespace cluster

#endif  // CORE_HOST_CPU_PLACEMENT_H_
