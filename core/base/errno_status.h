// ErrnoStatus: the kernel said no, as an absl::Status.
//
// The message reads "bind 127.0.0.1:80: Permission denied (EACCES)"; the errno
// and the call's name travel along as a payload, so that code can ask for them.
//
// Thread safety: free functions, safe from any thread.
#ifndef CORE_BASE_ERRNO_STATUS_H_
#define CORE_BASE_ERRNO_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cluster {

// Returns the status for the current errno, or for `error`. `syscall` is the
// name of the call that failed, `subject` what it was about (an address, a
// path; may be empty). The code is absl::ErrnoToStatusCode's.
absl::Status ErrnoStatus(absl::string_view syscall,
                         absl::string_view subject = {});
absl::Status ErrnoStatus(int error,
                         absl::string_view syscall,
                         absl::string_view subject = {});

// Returns the errno that `status` carries, 0 if it carries none.
int ErrnoOf(const absl::Status& status);

// Returns the system call that failed, empty if `status` carries none.
std::string SyscallOf(const absl::Status& status);

// Returns the symbolic name, such as "EADDRINUSE".
std::string ErrnoName(int error);

}  // namespace cluster

#endif  // CORE_BASE_ERRNO_STATUS_H_
