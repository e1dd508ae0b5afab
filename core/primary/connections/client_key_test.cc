#include "core/primary/connections/client_key.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

#include "core/control/socket_address.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

SocketAddress Peer(uint8_t family, uint8_t first, uint8_t last) {
  SocketAddress peer = {.family = family};
  peer.bytes[0] = first;
  peer.bytes[family == CLUSTER_FAMILY_IPV4 ? 3 : 15] = last;
  return peer;
}

TEST(ClientKeyTest, PortDoesNotMatter) {
  SocketAddress one = Peer(CLUSTER_FAMILY_IPV4, 10, 1);
  SocketAddress two = one;
  one.port = 1234;
  two.port = 4321;
  EXPECT_EQ(ClientKey(one, 1), ClientKey(two, 1));
}

TEST(ClientKeyTest, AddressFamilyAndSeedMatter) {
  std::set<uint64_t> keys;
  for (const uint8_t family : {CLUSTER_FAMILY_IPV4, CLUSTER_FAMILY_IPV6}) {
    for (int first = 0; first < 64; ++first) {
      for (int last = 0; last < 64; ++last) {
        for (const uint64_t seed : {1, 2}) {
          keys.insert(ClientKey(Peer(family, first, last), seed));
        }
      }
    }
  }
  EXPECT_EQ(keys.size(), 2u * 64 * 64 * 2);
  EXPECT_EQ(keys.count(0), 0u);
}

// What an address does not use may hold anything.
TEST(ClientKeyTest, OnlyTheBytesOfTheAddressCount) {
  SocketAddress peer = Peer(CLUSTER_FAMILY_IPV4, 10, 1);
  const uint64_t key = ClientKey(peer, 1);
  peer.bytes[4] = 9;
  EXPECT_EQ(ClientKey(peer, 1), key);
}

TEST(ClientKeyTest, PeersWithoutAnAddressHaveNone) {
  EXPECT_EQ(ClientKey(Peer(CLUSTER_FAMILY_UNIX, 1, 2), 1), 0u);
  EXPECT_EQ(ClientKey(Peer(CLUSTER_FAMILY_NONE, 1, 2), 1), 0u);
}

}  // namespace
}  // namespace cluster
