#include "ipc/reuseport_group.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "ipc/open_fds.h"
#include "ipc/steer_program.h"

namespace cluster {
namespace {

UniqueFd Listen(const std::string& address) {
  return *OpenListener(*ParseListenAddress(address), {.backlog = 64});
}

ReuseportGroup GroupOf(size_t size, UniqueFd first) {
  ReuseportGroup group = *ReuseportGroup::Create(std::move(first), 64);
  while (group.size() < size) EXPECT_TRUE(group.Join().ok());
  return group;
}

// Connects once and returns which socket of the group got it.
int ConnectTo(const ReuseportGroup& group) {
  const ListenAddress address = *LocalAddress(group.socket(0));
  const UniqueFd client(
      socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(client.get(),
                    reinterpret_cast<const sockaddr*>(&address.storage),
                    address.length),
            0);
  std::vector<pollfd> waits;
  for (size_t i = 0; i < group.size(); ++i) {
    waits.push_back({.fd = group.socket(i), .events = POLLIN, .revents = 0});
  }
  EXPECT_EQ(poll(waits.data(), waits.size(), 10'000), 1);
  for (size_t i = 0; i < waits.size(); ++i) {
    if (waits[i].revents == 0) continue;
    const UniqueFd accepted(accept4(waits[i].fd, nullptr, nullptr, 0));
    return static_cast<int>(i);
  }
  return -1;
}

TEST(ReuseportGroupTest, NumbersAreTheOrderOfJoining) {
  const ReuseportGroup group = GroupOf(3, Listen("127.0.0.1:0"));
  for (const int wanted : {2, 0, 1, 2}) {
    std::vector<uint32_t> weights(3);
    weights[wanted] = 1;
    ASSERT_TRUE(group.Attach(SteerByWeight(weights)).ok());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ConnectTo(group), wanted);
  }
}

TEST(ReuseportGroupTest, SixAndFourTogether) {
  const auto any = OpenListener(*ParseListenAddress("[::]:0"));
  if (!any.ok()) GTEST_SKIP() << "no IPv6";
  const ReuseportGroup group = GroupOf(2, Listen("[::]:0"));
  ASSERT_TRUE(group.Attach(SteerByWeight(std::vector<uint32_t>{0, 1})).ok());
  EXPECT_EQ(ConnectTo(group), 1);
}

TEST(ReuseportGroupTest, PortOfTheGroupIsTakenForOthers) {
  const ReuseportGroup group = GroupOf(2, Listen("127.0.0.1:0"));
  const absl::StatusOr<UniqueFd> other =
      OpenListener(*LocalAddress(group.socket(0)));
  EXPECT_EQ(ErrnoOf(other.status()), EADDRINUSE);
}

TEST(ReuseportGroupTest, PortOfAnotherIsRefusedFirst) {
  const UniqueFd other = Listen("127.0.0.1:0");
  EXPECT_EQ(ErrnoOf(OpenListener(*LocalAddress(other.get())).status()),
            EADDRINUSE);
}

TEST(ReuseportGroupTest, DatagramsOfAFlowStayWithOneSocket) {
  const ReuseportGroup group = GroupOf(4, Listen("udp:127.0.0.1:0"));
  const ListenAddress address = *LocalAddress(group.socket(0));
  std::vector<int> flows(group.size());
  for (int flow = 0; flow < 1'000; ++flow) {
    const UniqueFd client(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(client.get(),
                      reinterpret_cast<const sockaddr*>(&address.storage),
                      address.length),
              0);
    ASSERT_EQ(send(client.get(), "a", 1, 0), 1);
    ASSERT_EQ(send(client.get(), "b", 1, 0), 1);
    int got = 0;
    for (size_t i = 0; i < group.size(); ++i) {
      char byte;
      int here = 0;
      while (recv(group.socket(i), &byte, 1, 0) == 1) ++here;
      EXPECT_TRUE(here == 0 || here == 2) << here;
      got += here;
      flows[i] += here / 2;
    }
    ASSERT_EQ(got, 2);
  }
  for (const int count : flows) EXPECT_NEAR(count, 250, 75);
}

TEST(ReuseportGroupTest, UnixSocketIsRefused) {
  UniqueFd socket =
      Listen("unix:@reuseport-group-test-" + std::to_string(getpid()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReuseportGroup::Create(std::move(socket), 64).status()));
}

TEST(ReuseportGroupTest, ClosesAllItsSockets) {
  const size_t before = OpenFds();
  {
    const ReuseportGroup group = GroupOf(5, Listen("127.0.0.1:0"));
  }
  EXPECT_EQ(OpenFds(), before);
}

}  // namespace
}  // namespace cluster
