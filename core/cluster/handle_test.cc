#include "core/cluster/handle.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

Handle SocketOf(int domain, int type) {
  return Handle(socket(domain, type | SOCK_CLOEXEC, 0));
}

TEST(HandleTest, KindsAreTheKernels) {
  EXPECT_EQ(Handle().kind(), HandleKind::kNone);
  EXPECT_EQ(Handle(1'000'000).release(), 1'000'000);
  EXPECT_EQ(SocketOf(AF_INET6, SOCK_STREAM).kind(), HandleKind::kTcpSocket);
  EXPECT_EQ(SocketOf(AF_UNIX, SOCK_STREAM).kind(), HandleKind::kUnixSocket);
  EXPECT_EQ(SocketOf(AF_INET, SOCK_DGRAM).kind(), HandleKind::kUdpSocket);
  EXPECT_EQ(SocketOf(AF_UNIX, SOCK_SEQPACKET).kind(), HandleKind::kOther);
  EXPECT_EQ(Handle(open("/dev/null", O_RDONLY | O_CLOEXEC)).kind(),
            HandleKind::kOther);
  EXPECT_EQ(Handle(epoll_create1(EPOLL_CLOEXEC)).kind(),
            HandleKind::kUnsendable);
  Handle tcp = SocketOf(AF_INET, SOCK_STREAM);
  ASSERT_EQ(listen(tcp.fd(), 1), 0);
  EXPECT_EQ(tcp.kind(), HandleKind::kTcpListener);
  Handle local = SocketOf(AF_UNIX, SOCK_STREAM);
  const sockaddr autobind = {.sa_family = AF_UNIX, .sa_data = {}};
  ASSERT_EQ(bind(local.fd(), &autobind, sizeof(autobind.sa_family)), 0);
  ASSERT_EQ(listen(local.fd(), 1), 0);
  EXPECT_EQ(local.kind(), HandleKind::kUnixListener);
}

TEST(HandleTest, IsTakenAndGivenBack) {
  Handle handle = SocketOf(AF_INET, SOCK_STREAM);
  const int fd = handle.fd();
  HandleArgument argument(handle);
  UniqueFd sent;
  ASSERT_TRUE(argument.Take(/*keep_open=*/false, &sent).ok());
  EXPECT_EQ(sent.get(), fd);
  EXPECT_FALSE(handle);
  argument.GiveBack(/*keep_open=*/false, std::move(sent));
  EXPECT_EQ(handle.fd(), fd);
}

TEST(HandleTest, StaysWhereACopyIsTaken) {
  Handle handle = SocketOf(AF_INET, SOCK_STREAM);
  const int fd = handle.fd();
  UniqueFd sent;
  ASSERT_TRUE(HandleArgument(handle).Take(/*keep_open=*/true, &sent).ok());
  EXPECT_TRUE(sent);
  EXPECT_NE(sent.get(), fd);
  EXPECT_EQ(handle.fd(), fd);
}

TEST(HandleTest, NoneIsNoError) {
  UniqueFd sent;
  EXPECT_TRUE(HandleArgument().Take(/*keep_open=*/false, &sent).ok());
  Handle none;
  EXPECT_TRUE(HandleArgument(none).Take(/*keep_open=*/true, &sent).ok());
  EXPECT_FALSE(sent);
}

TEST(HandleTest, WhatCannotBeSentIsRefused) {
  UniqueFd sent;
  Handle closed(dup(STDERR_FILENO));
  close(closed.fd());
  EXPECT_TRUE(absl::IsInvalidArgument(
      HandleArgument(closed).Take(/*keep_open=*/false, &sent)));
  (void)closed.release();
  Handle epoll(epoll_create1(EPOLL_CLOEXEC));
  EXPECT_TRUE(absl::IsInvalidArgument(
      HandleArgument(epoll).Take(/*keep_open=*/false, &sent)));
  EXPECT_TRUE(epoll);
}

}  // namespace
}  // namespace cluster
