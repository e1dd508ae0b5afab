#include "core/control/socket_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

TEST(SocketAddressTest, Ipv4) {
  sockaddr_storage storage = {};
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage);
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(8080);
  inet_pton(AF_INET, "192.0.2.7", &ipv4.sin_addr);
  const SocketAddress address = ToSocketAddress(storage, sizeof(ipv4));
  EXPECT_EQ(address.family, CLUSTER_FAMILY_IPV4);
  EXPECT_EQ(address.port, 8080);
  EXPECT_EQ(address.bytes[0], 192);
  EXPECT_EQ(address.bytes[3], 7);
}

TEST(SocketAddressTest, Ipv6KeepsScope) {
  sockaddr_storage storage = {};
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(storage);
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(1);
  ipv6.sin6_scope_id = 3;
  ipv6.sin6_addr = in6addr_loopback;
  const SocketAddress address = ToSocketAddress(storage, sizeof(ipv6));
  EXPECT_EQ(address.family, CLUSTER_FAMILY_IPV6);
  EXPECT_EQ(address.scope_id, 3u);
  EXPECT_EQ(address.bytes[15], 1);
}

TEST(SocketAddressTest, UnnamedUnixAndNothing) {
  sockaddr_storage storage = {};
  storage.ss_family = AF_UNIX;
  EXPECT_EQ(ToSocketAddress(storage, sizeof(sa_family_t)).family,
            CLUSTER_FAMILY_UNIX);
  EXPECT_EQ(ToSocketAddress(storage, 0).family, CLUSTER_FAMILY_NONE);
}

}  // namespace
}  // namespace cluster
