#include "core/base/errno_status.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

constexpr char kErrnoUrl[] = "cluster/errno";
constexpr char kSyscallUrl[] = "cluster/syscall";

}  // namespace

absl::Status ErrnoStatus(absl::string_view syscall, absl::string_view subject) {
  return ErrnoStatus(errno, syscall, subject);
}

absl::Status ErrnoStatus(int error,
                         absl::string_view syscall,
                         absl::string_view subject) {
  absl::Status status(
      absl::ErrnoToStatusCode(error),
      absl::StrCat(syscall,
                   subject.empty() ? "" : " ",
                   subject,
                   ": ",
                   strerrordesc_np(error) != nullptr ? strerrordesc_np(error)
                                                     : "unknown error",
                   " (",
                   ErrnoName(error),
                   ")"));
  status.SetPayload(kErrnoUrl, absl::Cord(absl::StrCat(error)));
  status.SetPayload(kSyscallUrl, absl::Cord(syscall));
  return status;
}

int ErrnoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrnoUrl);
  int error = 0;
  if (payload && !absl::SimpleAtoi(std::string(*payload), &error)) return 0;
  return error;
}

std::string SyscallOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kSyscallUrl);
  return payload ? std::string(*payload) : std::string();
}

std::string ErrnoName(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : absl::StrCat("errno ", error);
}

}  // namespace cluster
