// ClientKey: what arrivals of one client have in common, for sticky policies.
//
// Thread safety: a free function, safe from any thread.
#ifndef CORE_PRIMARY_CONNECTIONS_CLIENT_KEY_H_
#define CORE_PRIMARY_CONNECTIONS_CLIENT_KEY_H_

#include <cstdint>

#include "core/control/socket_address.h"

namespace cluster {

// Returns a hash of the client's IP address, its port left out; never 0. 0 for
// peers without an IP address (Unix sockets): nothing says whose they are.
// `seed` keeps clients from choosing addresses that have one hash.
uint64_t ClientKey(const SocketAddress& peer, uint64_t seed);

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_CLIENT_KEY_H_
