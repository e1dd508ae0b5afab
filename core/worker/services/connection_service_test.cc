#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "ipc/fd_passing.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void Never(void*) { FAIL(); }

class ConnectionServiceTest : public ServiceFixture {
 protected:
  ConnectionServiceTest() {
    for (uint64_t id = 1; id <= 3; ++id)
      context_.open_connections().Opened(id, 0);
  }

  // Since the last call.
  std::vector<std::string> Logged() {
    std::vector<std::string> lines;
    for (const auto& [type, payload] : Sent()) {
      if (type != FrameType::kLog) continue;
      lines.push_back(Decode<LogLine>(payload)->text);
    }
    return lines;
  }

  const cluster_connection_v1* const connection_ =
      Find<cluster_connection_v1>(CLUSTER_SERVICE_CONNECTION_V1);
  const cluster_loop_v1* const loop_service_ =
      Find<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1);
};

TEST_F(ConnectionServiceTest, CloseEndsTheConnectionThoughACopyLives) {
  auto pair = *MakeSocketPair(SOCK_STREAM);
  const UniqueFd copy(dup(pair.first.get()));
  connection_->close(host_, pair.first.Release(), 1);
  char byte;
  EXPECT_EQ(recv(pair.second.get(), &byte, 1, MSG_DONTWAIT), 0);
  EXPECT_EQ(page_->completed.load(), 1u);
}

// It is the plugin's still, which may close it yet.
TEST_F(ConnectionServiceTest, CloseOfNoSocketEndsNothing) {
  auto pair = *MakeSocketPair(SOCK_STREAM);
  const UniqueFd event(eventfd(0, EFD_CLOEXEC));
  for (const int fd : {-1, INT32_MIN, event.get()}) {
    connection_->close(host_, fd, 1);
    EXPECT_EQ(page_->completed.load(), 0u);
  }
  EXPECT_GE(fcntl(event.get(), F_GETFD), 0) << "it is still open";
  EXPECT_THAT(Logged(),
              ElementsAre("the plugin: cluster.connection/1 close: its fd is "
                          "no socket; the connection stays open"));
  connection_->close(host_, pair.first.Release(), 1);
  EXPECT_EQ(page_->completed.load(), 1u);
}

// The plugin has closed it by itself, as far as can be known.
TEST_F(ConnectionServiceTest, CloseOfAClosedDescriptorCountsAndIsLogged) {
  UniqueFd closed(eventfd(0, EFD_CLOEXEC));
  const int fd = closed.get();
  closed.Reset();
  connection_->close(host_, fd, 1);
  EXPECT_EQ(page_->completed.load(), 1u);
  EXPECT_THAT(Logged(),
              ElementsAre("the plugin: cluster.connection/1 close: its fd is "
                          "closed already; say so by closed"));
}

TEST_F(ConnectionServiceTest, EndIsToldOnlyToWhoWantsToKnow) {
  connection_->closed(host_, 1);
  EXPECT_EQ(told_, 0);
  page_->wanted = 1;
  connection_->closed(host_, 2);
  EXPECT_EQ(told_, 1);
  page_->wanted = 0;
  context_.WakeOnClose();
  connection_->closed(host_, 3);
  EXPECT_EQ(told_, 2);
  EXPECT_EQ(page_->completed.load(), 3u);
}

TEST_F(ConnectionServiceTest, EndOnAnotherThreadIsToldOnTheLoops) {
  context_.WakeOnClose();
  std::thread([&] { connection_->closed(host_, 1); }).join();
  EXPECT_EQ(page_->completed.load(), 1u);
  EXPECT_EQ(told_, 0);
  loop_->Dispatch();
  EXPECT_EQ(told_, 1);
}

// The plugin's posts fill the queue, and the last connection ends meanwhile.
TEST_F(ConnectionServiceTest, EndOnAnotherThreadIsToldThoughTheQueueIsFull) {
  context_.WakeOnClose();
  while (loop_service_->post(host_, [](void*) {}, nullptr) == CLUSTER_OK) {
  }
  std::thread([&] { connection_->closed(host_, 1); }).join();
  loop_->Dispatch();
  loop_->Dispatch();
  EXPECT_EQ(told_, 1);
}

TEST_F(ConnectionServiceTest, LocalAddressOfNoSocketIsASystemError) {
  cluster_address address;
  const UniqueFd event(eventfd(0, EFD_CLOEXEC));
  EXPECT_EQ(connection_->local_address(host_, event.get(), &address),
            CLUSTER_E_SYSTEM);
  EXPECT_EQ(errno, ENOTSOCK);
  auto pair = *MakeSocketPair(SOCK_STREAM);
  EXPECT_EQ(connection_->local_address(host_, pair.first.get(), &address),
            CLUSTER_OK);
  EXPECT_EQ(address.family, CLUSTER_FAMILY_UNIX);
}

TEST_F(ConnectionServiceTest, ConnectionThatIsNotOpenIsLeftAlone) {
  int pair[2];
  ASSERT_EQ(pipe(pair), 0);
  connection_->closed(host_, 1);
  connection_->close(host_, pair[0], 1);
  connection_->close(host_, pair[0], 77);
  connection_->closed(host_, 1);
  connection_->requests(host_, 1, 5);
  EXPECT_EQ(page_->completed, 1u);
  EXPECT_EQ(page_->requests, 0);
  EXPECT_EQ(close(pair[0]), 0) << "it was not closed";
  close(pair[1]);
  EXPECT_THAT(Logged(), SizeIs(3));
}

TEST_F(ConnectionServiceTest, WhatIsAllowedIsNotLogged) {
  cluster_timer* timer = nullptr;
  ASSERT_EQ(
      loop_service_->start_timer(host_, 1'000'000'000, &Never, nullptr, &timer),
      CLUSTER_OK);
  loop_service_->cancel_timer(host_, timer);
  connection_->requests(host_, 1, 2);
  connection_->bytes(host_, 1, 10, 20);
  EXPECT_EQ(page_->requests, 2);
  EXPECT_EQ(page_->bytes_received, 10u);
  EXPECT_EQ(page_->bytes_sent, 20u);
  connection_->closed(host_, 1);
  EXPECT_EQ(page_->requests, 0);
  EXPECT_THAT(Logged(), IsEmpty());
}

}  // namespace
}  // namespace cluster
