#include "core/base/duplicate_fd.h"

#include <fcntl.h>

#include "core/base/errno_status.h"

namespace cluster {

absl::StatusOr<UniqueFd> DuplicateFd(int fd, absl::string_view subject) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return ErrnoStatus("fcntl", subject);
  return copy;
}

}  // namespace cluster
