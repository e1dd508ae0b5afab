#include "core/control/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

SocketAddress ToSocketAddress(const sockaddr_storage& storage,
                              socklen_t length) {
  SocketAddress address;
  if (length < sizeof(sa_family_t)) return address;
  if (storage.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(storage);
    address.family = CLUSTER_FAMILY_IPV4;
    address.port = ntohs(ipv4.sin_port);
    std::memcpy(address.bytes, &ipv4.sin_addr, sizeof(ipv4.sin_addr));
  } else if (storage.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(storage);
    address.family = CLUSTER_FAMILY_IPV6;
    address.port = ntohs(ipv6.sin6_port);
    address.scope_id = ipv6.sin6_scope_id;
    std::memcpy(address.bytes, &ipv6.sin6_addr, sizeof(ipv6.sin6_addr));
  } else if (storage.ss_family == AF_UNIX) {
    address.family = CLUSTER_FAMILY_UNIX;
  }
  return address;
}

}  // namespace cluster
