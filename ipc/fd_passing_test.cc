#include "ipc/fd_passing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "ipc/frame.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// A connected pair, and descriptors to send; whatever leaks is counted.
class FdPassingTest : public ::testing::Test {
 protected:
  void Connect(int type) {
    auto pair = MakeSocketPair(type);
    ASSERT_TRUE(pair.ok()) << pair.status();
    std::tie(near_, far_) = *std::move(pair);
  }

  ~FdPassingTest() override {
    near_.Reset();
    far_.Reset();
    EXPECT_EQ(OpenFds(), fds_before_);
  }

  // Sends `count` copies of a descriptor with the message "x".
  int SendFds(size_t count) {
    const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const std::vector<int> fds(count, fd.get());
    return SendMessage(near_.get(), AsBytes("x"), fds);
  }

  Received Receive(std::span<int> fds) {
    return ReceiveMessage(far_.get(), buffer_, fds);
  }

  // Closes the first `count` of `fds_`.
  void CloseFds(size_t count) {
    for (size_t i = 0; i < count; ++i) UniqueFd{fds_[i]}.Reset();
  }

  const size_t fds_before_ = OpenFds();
  UniqueFd near_;
  UniqueFd far_;
  std::array<std::byte, 64> buffer_;
  std::array<int, kMaxFrameFds> fds_;
};

TEST_F(FdPassingTest, PairIsNonBlockingAndCloseOnExec) {
  Connect(SOCK_SEQPACKET);
  for (const int fd : {near_.get(), far_.get()}) {
    EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST_F(FdPassingTest, PairOfNoSocketTypeSaysWhichCallFailed) {
  const auto pair = MakeSocketPair(SOCK_RDM);
  ASSERT_FALSE(pair.ok());
  EXPECT_EQ(SyscallOf(pair.status()), "socketpair");
}

TEST_F(FdPassingTest, MessageKeepsItsBoundariesAndDescriptors) {
  Connect(SOCK_SEQPACKET);
  EXPECT_EQ(SendFds(2), 0);
  EXPECT_EQ(SendMessage(near_.get(), AsBytes("second"), {}), 0);
  const Received first = Receive(fds_);
  EXPECT_EQ(first.bytes, 1u);
  ASSERT_EQ(first.fd_count, 2u);
  EXPECT_NE(fcntl(fds_[0], F_GETFD) & FD_CLOEXEC, 0);
  CloseFds(2);
  const Received second = Receive(fds_);
  EXPECT_EQ(second.bytes, 6u);
  EXPECT_EQ(second.fd_count, 0u);
  EXPECT_FALSE(second.fds_truncated);
}

TEST_F(FdPassingTest, NothingToReadIsEagain) {
  Connect(SOCK_SEQPACKET);
  EXPECT_EQ(Receive(fds_).error, EAGAIN);
}

TEST_F(FdPassingTest, ClosedPeerIsEndOfStreamAndEpipe) {
  Connect(SOCK_SEQPACKET);
  near_.Reset();
  const Received received = Receive(fds_);
  EXPECT_EQ(received.bytes, 0u);
  EXPECT_EQ(received.error, 0);
  EXPECT_EQ(SendMessage(far_.get(), AsBytes("x"), {}), EPIPE);
}

TEST_F(FdPassingTest, FullSocketIsEagainAndTakesNothing) {
  Connect(SOCK_SEQPACKET);
  int error = 0;
  while (error == 0) error = SendFds(1);
  EXPECT_EQ(error, EAGAIN);
}

TEST_F(FdPassingTest, LargestDescriptorCountArrives) {
  Connect(SOCK_SEQPACKET);
  EXPECT_EQ(SendFds(kMaxFrameFds), 0);
  const Received received = Receive(fds_);
  EXPECT_EQ(received.fd_count, kMaxFrameFds);
  EXPECT_FALSE(received.fds_truncated);
  CloseFds(received.fd_count);
}

TEST_F(FdPassingTest, OneDescriptorTooManyIsRefused) {
  Connect(SOCK_SEQPACKET);
  EXPECT_EQ(SendFds(kMaxFrameFds + 1), EINVAL);
}

TEST_F(FdPassingTest, DescriptorsThatDoNotFitAreClosed) {
  Connect(SOCK_SEQPACKET);
  for (const size_t room : {0u, 1u, 2u, 4u}) {
    EXPECT_EQ(SendFds(5), 0);
    const size_t before = OpenFds();
    const Received received = Receive(std::span(fds_).first(room));
    EXPECT_EQ(received.fd_count, room);
    EXPECT_TRUE(received.fds_truncated);
    EXPECT_EQ(OpenFds(), before + room);
    CloseFds(room);
  }
}

TEST_F(FdPassingTest, ReceiverAtItsLimitIsToldAndLeaksNothing) {
  Connect(SOCK_SEQPACKET);
  EXPECT_EQ(SendFds(5), 0);
  rlimit old = {};
  getrlimit(RLIMIT_NOFILE, &old);
  // The lowest numbers are all taken, so the limit leaves room for two.
  const UniqueFd next(dup(near_.get()));
  rlimit low = old;
  low.rlim_cur = static_cast<rlim_t>(next.get()) + 3;
  setrlimit(RLIMIT_NOFILE, &low);
  const Received received = Receive(fds_);
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_TRUE(received.fds_truncated);
  EXPECT_EQ(received.fd_count, 2u);
  CloseFds(received.fd_count);
}

TEST_F(FdPassingTest, LongMessageIsMarkedTruncated) {
  Connect(SOCK_SEQPACKET);
  EXPECT_EQ(SendMessage(near_.get(), AsBytes(std::string(100, 'x')), {}), 0);
  const Received received = Receive(fds_);
  EXPECT_EQ(received.bytes, buffer_.size());
  EXPECT_TRUE(received.bytes_truncated);
}

TEST_F(FdPassingTest, OtherControlMessagesAreIgnored) {
  Connect(SOCK_SEQPACKET);
  const int on = 1;
  ASSERT_EQ(setsockopt(far_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)),
            0);
  EXPECT_EQ(SendFds(kMaxFrameFds), 0);
  const Received received = Receive(fds_);
  EXPECT_EQ(received.fd_count, kMaxFrameFds);
  EXPECT_FALSE(received.fds_truncated);
  CloseFds(received.fd_count);
}

TEST_F(FdPassingTest, GatherJoinsItsParts) {
  Connect(SOCK_STREAM);
  std::string hello = "hello ";
  std::string world = "world";
  const std::array<iovec, 2> parts = {
      {{hello.data(), hello.size()}, {world.data(), world.size()}}};
  EXPECT_EQ(SendGather(near_.get(), parts, {}).bytes, 11u);
  EXPECT_EQ(Receive(fds_).bytes, 11u);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer_.data()), 11),
            "hello world");
}

TEST_F(FdPassingTest, GatherOnAFullStreamSaysHowMuchItTook) {
  Connect(SOCK_STREAM);
  std::string big(size_t{4} << 20, 'x');
  const iovec part = {big.data(), big.size()};
  const Sent first = SendGather(near_.get(), {&part, 1}, {});
  EXPECT_GT(first.bytes, 0u);
  EXPECT_LT(first.bytes, big.size());
  Sent last = first;
  while (last.error == 0) last = SendGather(near_.get(), {&part, 1}, {});
  EXPECT_EQ(last.error, EAGAIN);
}

}  // namespace
}  // namespace cluster
