#include "core/host/process_setup.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"

namespace cluster {

absl::Status CheckKernel() {
  utsname name;
  int major = 0;
  int minor = 0;
  uname(&name);
  if (std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
      (major > 5 || (major == 5 && minor >= 14))) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "Linux ", name.release, " is too old; 5.14 or newer is needed"));
}

void TakeOverProcess() {
  // A socket or a pipe of ours with a number below 3 would be taken for stdio,
  // by the workers too.
  int fd;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
  // What the host inherited beyond stdio is not for its workers.
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  signal(SIGPIPE, SIG_IGN);
  // Ignored, the kernel would reap workers without telling how they ended.
  signal(SIGCHLD, SIG_DFL);
}

void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace cluster
