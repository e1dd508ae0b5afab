#include "core/control/peer_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

TEST(PeerAddressTest, Ipv4) {
  sockaddr_storage storage = {};
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage);
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(8080);
  inet_pton(AF_INET, "192.0.2.7", &ipv4.sin_addr);
  const PeerAddress peer = ToPeerAddress(storage, sizeof(ipv4));
  EXPECT_EQ(peer.family, CLUSTER_FAMILY_IPV4);
  EXPECT_EQ(peer.port, 8080);
  EXPECT_EQ(peer.bytes[0], 192);
  EXPECT_EQ(peer.bytes[3], 7);
}

TEST(PeerAddressTest, Ipv6KeepsScope) {
  sockaddr_storage storage = {};
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(storage);
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(1);
  ipv6.sin6_scope_id = 3;
  ipv6.sin6_addr = in6addr_loopback;
  const PeerAddress peer = ToPeerAddress(storage, sizeof(ipv6));
  EXPECT_EQ(peer.family, CLUSTER_FAMILY_IPV6);
  EXPECT_EQ(peer.scope_id, 3u);
  EXPECT_EQ(peer.bytes[15], 1);
}

TEST(PeerAddressTest, UnnamedUnixAndNothing) {
  sockaddr_storage storage = {};
  storage.ss_family = AF_UNIX;
  EXPECT_EQ(ToPeerAddress(storage, sizeof(sa_family_t)).family,
            CLUSTER_FAMILY_UNIX);
  EXPECT_EQ(ToPeerAddress(storage, 0).family, CLUSTER_FAMILY_NONE);
}

}  // namespace
}  // namespace cluster
