#include "ipc/lost_descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"

namespace cluster {

size_t CountLost(std::span<const UniqueFd> fds) {
  return static_cast<size_t>(std::count_if(
      fds.begin(), fds.end(), [](const UniqueFd& fd) { return !fd; }));
}

absl::Status DescriptorsLost() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return ErrnoStatus(
      EMFILE,
      "recvmsg",
      absl::StrCat("descriptors were lost on arrival: this process may have ",
                   limit.rlim_cur,
                   " (RLIMIT_NOFILE)"));
}

}  // namespace cluster
