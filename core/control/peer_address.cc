#include "core/control/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

PeerAddress ToPeerAddress(const sockaddr_storage& storage, socklen_t length) {
  PeerAddress peer;
  if (length < sizeof(sa_family_t)) return peer;
  if (storage.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(storage);
    peer.family = CLUSTER_FAMILY_IPV4;
    peer.port = ntohs(ipv4.sin_port);
    std::memcpy(peer.bytes, &ipv4.sin_addr, sizeof(ipv4.sin_addr));
  } else if (storage.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(storage);
    peer.family = CLUSTER_FAMILY_IPV6;
    peer.port = ntohs(ipv6.sin6_port);
    peer.scope_id = ipv6.sin6_scope_id;
    std::memcpy(peer.bytes, &ipv6.sin6_addr, sizeof(ipv6.sin6_addr));
  } else if (storage.ss_family == AF_UNIX) {
    peer.family = CLUSTER_FAMILY_UNIX;
  }
  return peer;
}

}  // namespace cluster
