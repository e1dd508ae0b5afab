// DuplicateFd: a second descriptor of what one names already.
//
// Thread safety: a free function, safe from any thread.
//
//   ASSIGN_OR_RETURN(UniqueFd copy, DuplicateFd(socket.get()));
#ifndef CORE_BASE_DUPLICATE_FD_H_
#define CORE_BASE_DUPLICATE_FD_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"

namespace cluster {

// Returns a descriptor of its own for what `fd` names, close-on-exec. `subject`
// is what a failure's message calls it (ErrnoStatus()).
//   EBADF   `fd` is not open
//   EMFILE  this process is at its limit of descriptors
absl::StatusOr<UniqueFd> DuplicateFd(
    int fd, absl::string_view subject = "copy of a descriptor");

}  // namespace cluster

#endif  // CORE_BASE_DUPLICATE_FD_H_
