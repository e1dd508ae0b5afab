// SocketAddress: a socket's address, its own or its peer's, in the form that
// travels between processes and to plugins.
//
// Thread safety: a plain value, and a free function, safe from any thread.
//
//   const SocketAddress peer = ToSocketAddress(storage, length);
#ifndef CORE_CONTROL_SOCKET_ADDRESS_H_
#define CORE_CONTROL_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>

namespace cluster {

struct SocketAddress {
  uint8_t family = 0;  // CLUSTER_FAMILY_* of the plugin ABI
  uint8_t reserved = 0;
  uint16_t port = 0;  // host byte order
  uint32_t scope_id = 0;
  uint8_t bytes[16] = {};
};

// Returns the address in `storage`, of which the kernel wrote `length` bytes.
// An unnamed Unix socket has family CLUSTER_FAMILY_UNIX and no more; an unknown
// family becomes CLUSTER_FAMILY_NONE.
SocketAddress ToSocketAddress(const sockaddr_storage& storage,
                              socklen_t length);

}  // namespace cluster

#endif  // CORE_CONTROL_SOCKET_ADDRESS_H_
