// SystemError: what the kernel said no to, as Node's errors tell it. It travels
// inside the absl::Status of an error event.
//
// Thread safety: free functions, safe from any thread.
//
//   worker.on(events::error, [](const absl::Status& status) {
//     const auto error = SystemErrorOf(status);
//     if (error && error->code == "EADDRINUSE") ...
//   });
#ifndef CORE_CLUSTER_SYSTEM_ERROR_H_
#define CORE_CLUSTER_SYSTEM_ERROR_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/cluster/events.h"

namespace cluster {

struct SystemError {
  std::string code;     // "EADDRINUSE"
  int number = 0;       // its errno
  std::string syscall;  // "bind"
  // What was asked for, if it was about an address: with its port, or -1.
  std::string address = {};
  int port = -1;
};

// None if `status` is not the kernel's.
std::optional<SystemError> SystemErrorOf(const absl::Status& status);

// For the library: an error at `address`.
absl::Status ErrorAt(const Address& address,
                     int number,
                     absl::string_view syscall);

}  // namespace cluster

#endif  // CORE_CLUSTER_SYSTEM_ERROR_H_
