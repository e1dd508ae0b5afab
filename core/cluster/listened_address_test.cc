#include "core/cluster/listened_address.h"

#include <gtest/gtest.h>

#include "core/cluster/events.h"

namespace cluster {
namespace {

void ExpectAddress(const Address& address,
                   const char* type,
                   const char* text,
                   int port) {
  EXPECT_EQ(address.type, type);
  EXPECT_EQ(address.address, text);
  EXPECT_EQ(address.port, port);
}

TEST(ListenedAddressTest, EveryKind) {
  ExpectAddress(ToAddress("127.0.0.1:80"), "tcp4", "127.0.0.1", 80);
  ExpectAddress(ToAddress("[::]:8080"), "tcp6", "::", 8080);
  ExpectAddress(ToAddress("udp:0.0.0.0:53"), "udp4", "0.0.0.0", 53);
  ExpectAddress(ToAddress("udp:[::1]:53"), "udp6", "::1", 53);
  ExpectAddress(ToAddress("unix:/run/a:b"), "unix", "/run/a:b", -1);
  ExpectAddress(ToAddress("unix:@name"), "unix", "@name", -1);
}

TEST(ListenedAddressTest, WhatIsNoneIsEmpty) {
  ExpectAddress(ToAddress(""), "", "", -1);
}

}  // namespace
}  // namespace cluster
