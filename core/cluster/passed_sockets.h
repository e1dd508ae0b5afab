// TakePassedSockets: the sockets that a service manager has opened for this
// process, as systemd passes them (sd_listen_fds(3)).
//
// Thread safety: changes the environment: before there are other threads.
//
//   for (const PassedSocket& socket : *TakePassedSockets()) {
//     ... worker.listen({.fd = socket.fd}, ...), in the workers
//   }
#ifndef CORE_CLUSTER_PASSED_SOCKETS_H_
#define CORE_CLUSTER_PASSED_SOCKETS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster {

struct PassedSocket {
  int fd = -1;       // of this process, close-on-exec
  std::string name;  // FileDescriptorName= of the unit, "unknown" without one
};

// What LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES say, which are then gone from
// the environment. None if they are not there, or are another process's.
//   kInvalidArgument  they make no sense
absl::StatusOr<std::vector<PassedSocket>> TakePassedSockets();

// Returns `addresses` with "fd:N" in place of each "systemd" (all of `passed`)
// and "systemd:NAME" (those of that name).
//   kInvalidArgument  there are none
absl::StatusOr<std::vector<std::string>> NamePassedSockets(
    const std::vector<std::string>& addresses,
    const std::vector<PassedSocket>& passed);

}  // namespace cluster

#endif  // CORE_CLUSTER_PASSED_SOCKETS_H_
