// AcceptedConnection: one connection while the primary holds it.
#ifndef CORE_PRIMARY_CONNECTIONS_ACCEPTED_CONNECTION_H_
#define CORE_PRIMARY_CONNECTIONS_ACCEPTED_CONNECTION_H_

#include <cstdint>

#include "core/base/unique_fd.h"
#include "core/control/socket_address.h"

namespace cluster {

struct AcceptedConnection {
  UniqueFd fd;
  uint64_t id = 0;
  int64_t accepted_ns = 0;  // CLOCK_MONOTONIC
  SocketAddress peer = {};
  // Set once it came back from a worker that had not started it.
  bool returned = false;
  // It was late when it was given to a worker: if it comes back, it expires.
  bool last_try = false;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_ACCEPTED_CONNECTION_H_
