#include "core/cluster/system_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"

namespace cluster {
namespace {

constexpr char kAddressUrl[] = "cluster/address";
constexpr char kPortUrl[] = "cluster/port";

}  // namespace

std::optional<SystemError> SystemErrorOf(const absl::Status& status) {
  const int number = ErrnoOf(status);
  if (number == 0) return std::nullopt;
  SystemError error = {.code = ErrnoName(number),
                       .number = number,
                       .syscall = SyscallOf(status)};
  if (const auto address = status.GetPayload(kAddressUrl)) {
    error.address = std::string(*address);
  }
  if (const auto port = status.GetPayload(kPortUrl)) {
    (void)absl::SimpleAtoi(std::string(*port), &error.port);
  }
  return error;
}

absl::Status ErrorAt(const Address& address,
                     int number,
                     absl::string_view syscall) {
  absl::Status status = ErrnoStatus(
      number,
      syscall,
      address.port < 0 ? address.address
                       : absl::StrCat(address.address, ":", address.port));
  status.SetPayload(kAddressUrl, absl::Cord(address.address));
  status.SetPayload(kPortUrl, absl::Cord(absl::StrCat(address.port)));
  return status;
}

}  // namespace cluster
