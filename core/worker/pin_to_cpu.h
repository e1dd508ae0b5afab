// PinToCpu: has this process run on one CPU only (sched_setaffinity(2)).
//
// Thread safety: before there are other threads, which would keep theirs.
#ifndef CORE_WORKER_PIN_TO_CPU_H_
#define CORE_WORKER_PIN_TO_CPU_H_

#include "absl/status/status.h"

namespace cluster {

// Errors: the kernel's, such as EINVAL for a CPU that is offline or not allowed
// to this process.
absl::Status PinToCpu(int cpu);

}  // namespace cluster

#endif  // CORE_WORKER_PIN_TO_CPU_H_
