// Endpoint: where a server or a datagram socket listens, as the primary takes
// it: in numbers, and absolute. For the library.
//
// Thread safety: plain values and free functions, safe from any thread.
//
//   ASSIGN_OR_RETURN(const Endpoint endpoint, ToEndpoint({.port = 8000}));
#ifndef CORE_CLUSTER_ENDPOINT_H_
#define CORE_CLUSTER_ENDPOINT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/cluster/events.h"
#include "core/cluster/listen_options.h"

namespace cluster {

struct Endpoint {
  std::string text;    // an address as ipc/address.h reads it, or "fd:N"
  uint32_t flags = 0;  // CLUSTER_LISTEN_*
  Address asked;       // for what goes wrong there
};

// Names are looked up here, which may take as long as a resolver does.
//   kInvalidArgument, kNotFound, kUnavailable  as ParseListenAddress
//   with an errno                              there is no such directory
absl::StatusOr<Endpoint> ToEndpoint(const ListenOptions& options);
absl::StatusOr<Endpoint> ToEndpoint(const BindOptions& options,
                                    const DatagramOptions& socket);

}  // namespace cluster

#endif  // CORE_CLUSTER_ENDPOINT_H_
