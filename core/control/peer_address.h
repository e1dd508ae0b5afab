// ToPeerAddress: a socket address as the kernel gives it, in the form that
// travels with a connection.
#ifndef CORE_CONTROL_PEER_ADDRESS_H_
#define CORE_CONTROL_PEER_ADDRESS_H_

#include <sys/socket.h>

#include "core/control/handoff.h"

namespace cluster {

// Returns the address in `storage`, of which the kernel wrote `length` bytes.
// An unnamed Unix peer has family CLUSTER_FAMILY_UNIX and no more; an unknown
// family becomes CLUSTER_FAMILY_NONE.
PeerAddress ToPeerAddress(const sockaddr_storage& storage, socklen_t length);

}  // namespace cluster

#endif  // CORE_CONTROL_PEER_ADDRESS_H_
