#include "core/worker/pin_to_cpu.h"

#include <sched.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"

namespace cluster {

absl::Status PinToCpu(int cpu) {
  const std::string name = absl::StrCat("CPU ", cpu);
  if (cpu < 0 || cpu >= CPU_SETSIZE) {
    return ErrnoStatus(EINVAL, "sched_setaffinity", name);
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof(set), &set) == 0) return absl::OkStatus();
  return ErrnoStatus("sched_setaffinity", name);
}

}  // namespace cluster
