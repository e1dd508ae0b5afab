#include "ipc/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

// What an address reads as once it is parsed; the error's text if it is not.
std::string Canonical(absl::string_view text) {
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
  return address.ok() ? ToString(*address) : address.status().ToString();
}

void ExpectInvalid(absl::string_view text, std::string_view why) {
  const absl::Status status = ParseListenAddress(text).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << text << ": " << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(why)));
  EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
}

TEST(ListenAddressTest, NumbersParse) {
  EXPECT_EQ(Canonical("127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(Canonical("0.0.0.0:0"), "0.0.0.0:0");
  EXPECT_EQ(Canonical("[::1]:80"), "[::1]:80");
  EXPECT_EQ(Canonical("[::]:65535"), "[::]:65535");
}

TEST(ListenAddressTest, NoHostIsEveryAddress) {
  for (const char* text : {":8080", "*:8080", "8080"}) {
    const absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(ToString(*address), "[::]:8080");
    EXPECT_TRUE(address->any_host);
    EXPECT_EQ(address->text, text);
  }
  EXPECT_FALSE(ParseListenAddress("[::]:8080")->any_host);
}

TEST(ListenAddressTest, UdpTakesTheFormsOfTcp) {
  EXPECT_EQ(Canonical("udp:127.0.0.1:53"), "udp:127.0.0.1:53");
  EXPECT_EQ(Canonical("udp:[::]:53"), "udp:[::]:53");
  EXPECT_EQ(Canonical("udp::53"), "udp:[::]:53");
  EXPECT_EQ(Canonical("udp:53"), "udp:[::]:53");
  EXPECT_EQ(ParseListenAddress("udp:1")->kind, ListenAddress::Kind::kUdp);
  for (const char* text : {"udp:", "udp:unix:/x", "udp:fd:3", "udp:udp:1"}) {
    EXPECT_FALSE(ParseListenAddress(text).ok()) << text;
  }
}

TEST(ListenAddressTest, NamesCanBeRefused) {
  EXPECT_TRUE(absl::IsNotFound(
      ParseListenAddress("localhost:1", HostNames::kRefuse).status()));
  EXPECT_TRUE(ParseListenAddress("127.0.0.1:1", HostNames::kRefuse).ok());
}

TEST(ListenAddressTest, NameIsLookedUp) {
  const std::string found = Canonical("localhost:8080");
  EXPECT_TRUE(found == "127.0.0.1:8080" || found == "[::1]:8080") << found;
}

TEST(ListenAddressTest, UnixPathParses) {
  const absl::StatusOr<ListenAddress> address =
      ParseListenAddress("unix:/run/app.sock");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->kind, ListenAddress::Kind::kUnix);
  EXPECT_EQ(SocketPath(*address), "/run/app.sock");
  EXPECT_EQ(ToString(*address), "unix:/run/app.sock");
}

TEST(ListenAddressTest, AbstractNameParsesAndHasNoPath) {
  const absl::StatusOr<ListenAddress> address = ParseListenAddress("unix:@app");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->length, offsetof(sockaddr_un, sun_path) + 4);
  EXPECT_EQ(SocketPath(*address), "");
  EXPECT_EQ(ToString(*address), "unix:@app");
}

TEST(ListenAddressTest, InheritedDescriptorParses) {
  const absl::StatusOr<ListenAddress> address = ParseListenAddress("fd:3");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->kind, ListenAddress::Kind::kFd);
  EXPECT_EQ(address->fd, 3);
  EXPECT_EQ(ToString(*address), "fd:3");
}

TEST(ListenAddressTest, WhatItSaysItAlsoTakes) {
  for (const char* text :
       {"127.0.0.1:1", "[::1]:2", "unix:/a", "unix:@a", "fd:4"}) {
    EXPECT_EQ(Canonical(Canonical(text)), text);
  }
}

TEST(ListenAddressTest, BadTextSaysWhichFormsThereAre) {
  for (const char* text : {"",
                           "localhost",
                           "80a",
                           ":",
                           "1.2.3.4:",
                           "[::1]",
                           "host:-1",
                           "host:+1",
                           "host: 1",
                           ":65536",
                           ":99999999999999999999"}) {
    ExpectInvalid(text, "expected host:port, [ipv6]:port");
  }
}

TEST(ListenAddressTest, BadHostSaysWhichFormsThereAre) {
  for (const char* text : {"::1:80",
                           "[]:80",
                           "::1]:80",
                           "[a]:80",
                           "http://a:80",
                           "a b:80",
                           "tcp:a:80"}) {
    ExpectInvalid(text, "no host; expected");
  }
}

TEST(ListenAddressTest, MissingBracketIsNamed) {
  for (const char* text : {"[::1:80", "[::1", "[", "udp:[::1:53"}) {
    ExpectInvalid(text, "a \"]\" is missing, as in [::1]:80");
  }
}

TEST(ListenAddressTest, HostWithoutAddressIsNotFound) {
  // Numeric and impossible, so no resolver is asked for long.
  const absl::Status status = ParseListenAddress("[::zz]:80").status();
  EXPECT_TRUE(absl::IsNotFound(status) || absl::IsUnavailable(status))
      << status;
}

TEST(ListenAddressTest, UnixNameFillsSunPathAndNoMore) {
  EXPECT_EQ(Canonical("unix:" + std::string(107, 'a')),
            "unix:" + std::string(107, 'a'));
  EXPECT_EQ(Canonical("unix:@" + std::string(106, 'a')),
            "unix:@" + std::string(106, 'a'));
  EXPECT_EQ(Canonical("unix:" + std::string(108, 'a')),
            "unix:" + std::string(108, 'a'));
  ExpectInvalid("unix:@" + std::string(107, 'a'), "107 are the most");
  ExpectInvalid("unix:/" + std::string(4095, 'a'), "4095 are the most");
}

TEST(ListenAddressTest, EmptyAndBrokenUnixNamesAreInvalid) {
  ExpectInvalid("unix:", "empty");
  ExpectInvalid("unix:@", "empty");
  ExpectInvalid(absl::string_view("unix:a\0b", 8), "NUL");
}

TEST(ListenAddressTest, BadDescriptorNumberIsInvalid) {
  for (const char* text : {"fd:", "fd:x", "fd:-1", "fd:3x", "fd:9999999999"}) {
    ExpectInvalid(text, "fd:");
  }
}

TEST(LocalAddressTest, BoundSocketSaysItsPort) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&in), sizeof(in)),
            0);
  const absl::StatusOr<ListenAddress> address = LocalAddress(fd.get());
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->kind, ListenAddress::Kind::kTcp);
  EXPECT_THAT(address->text, HasSubstr("127.0.0.1:"));
  EXPECT_NE(address->text, "127.0.0.1:0");
}

TEST(LocalAddressTest, UnnamedUnixSocketHasNoName) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(LocalAddress(fd.get())->text, "unix:");
}

TEST(LocalAddressTest, ClosedDescriptorKeepsItsErrno) {
  EXPECT_EQ(ErrnoOf(LocalAddress(-1).status()), EBADF);
}

}  // namespace
}  // namespace cluster
