#include "ipc/unix_channel.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "ipc/channel_pair_fixture.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/frame_codec.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string ToText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Names the open file behind a descriptor, whatever its number.
ino_t InodeOf(int fd) {
  struct stat file = {};
  EXPECT_EQ(fstat(fd, &file), 0);
  return file.st_ino;
}

void Ignore(Frame) {}

// The read end goes to the peer, the write end stays, to name it by inode.
struct Pipe {
  Pipe() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    read.Reset(fds[0]);
    write.Reset(fds[1]);
  }
  UniqueFd read;
  UniqueFd write;
};

std::vector<UniqueFd> OneFd(UniqueFd fd) {
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(fd));
  return fds;
}

class UnixChannelTest : public ChannelPairTest {
 protected:
  // Writes to the receiver's socket past the sender's queue.
  void WriteRaw(std::span<const std::byte> bytes) {
    ASSERT_EQ(write(sender_->fd(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }
};

TEST_F(UnixChannelTest, SendOnlyQueues) {
  sender_->Send(1, AsBytes("hello"));
  EXPECT_TRUE(sender_->wants_write());
  EXPECT_EQ(sender_->queued_bytes(), kFrameHeaderBytes + 5);
  int frames = 0;
  EXPECT_TRUE(receiver_->OnReadable([&](Frame) { ++frames; }).ok());
  EXPECT_EQ(frames, 0);
}

TEST_F(UnixChannelTest, FrameArrivesWithItsType) {
  sender_->Send(7, AsBytes("hello"));
  std::string seen;
  Deliver([&](Frame frame) {
    EXPECT_EQ(frame.type, 7);
    seen = ToText(frame.payload);
  });
  EXPECT_EQ(seen, "hello");
  EXPECT_FALSE(sender_->wants_write());
  EXPECT_EQ(sender_->queued_bytes(), 0u);
}

TEST_F(UnixChannelTest, FullSocketKeepsTheRestQueued) {
  for (int i = 0; i < 5000; ++i) sender_->Send(1, AsBytes(std::to_string(i)));
  sender_->Send(2, AsBytes(std::string(size_t{1} << 20, 'x')));
  EXPECT_TRUE(sender_->Flush().ok());
  EXPECT_TRUE(sender_->wants_write());
  EXPECT_GT(sender_->queued_bytes(), 0u);
  int next = 0;
  size_t big = 0;
  Deliver([&](Frame frame) {
    if (frame.type == 2) {
      big = frame.payload.size();
    } else {
      EXPECT_EQ(ToText(frame.payload), std::to_string(next++));
    }
  });
  EXPECT_EQ(next, 5000);
  EXPECT_EQ(big, size_t{1} << 20);
}

TEST_F(UnixChannelTest, DescriptorsArriveWithTheirFrames) {
  std::vector<ino_t> expected;
  for (int i = 0; i < 300; ++i) {
    // Frames without any before, between and behind, of several sizes.
    std::vector<UniqueFd> fds;
    if (i % 3 == 1) {
      Pipe pipe;
      expected.push_back(InodeOf(pipe.read.get()));
      fds = OneFd(std::move(pipe.read));
    } else {
      expected.push_back(0);
    }
    sender_->Send(1, AsBytes(std::string(i * 37 % 4000, 'x')), std::move(fds));
  }
  std::vector<ino_t> seen;
  Deliver([&](Frame frame) {
    EXPECT_EQ(frame.payload.size(), seen.size() * 37 % 4000);
    seen.push_back(frame.fds.empty() ? 0 : InodeOf(frame.fds[0].get()));
  });
  EXPECT_EQ(seen, expected);
}

TEST_F(UnixChannelTest, LargestDescriptorCountArrives) {
  std::vector<UniqueFd> fds;
  for (size_t i = 0; i < kMaxFrameFds; ++i) {
    fds.emplace_back(fcntl(sender_->fd(), F_DUPFD_CLOEXEC, 0));
  }
  sender_->Send(1, {}, std::move(fds));
  size_t arrived = 0;
  Deliver([&](Frame frame) { arrived = frame.fds.size(); });
  EXPECT_EQ(arrived, kMaxFrameFds);
}

TEST_F(UnixChannelTest, SentDescriptorIsClosedOnceItIsWritten) {
  Pipe pipe;
  sender_->Send(1, {}, OneFd(std::move(pipe.read)));
  const size_t queued = OpenFds();
  EXPECT_TRUE(sender_->Flush().ok());
  EXPECT_EQ(OpenFds(), queued - 1);
  Deliver(Ignore);
}

TEST_F(UnixChannelTest, QueuedDescriptorsCloseWithTheChannel) {
  Pipe pipe;
  sender_->Send(1, {}, OneFd(std::move(pipe.read)));
  // The fixture counts.
}

TEST_F(UnixChannelTest, TooManyDescriptorsDie) {
  EXPECT_DEATH(sender_->Send(1, {}, std::vector<UniqueFd>(kMaxFrameFds + 1)),
               "254 descriptors");
}

TEST_F(UnixChannelTest, OneCallReadsABoundedAmount) {
  // A frame with a descriptor ends a read, so each takes one.
  for (int i = 0; i < 40; ++i) {
    sender_->Send(1, {}, OneFd(UniqueFd(fcntl(sender_->fd(), F_DUPFD, 0))));
  }
  ASSERT_TRUE(sender_->Flush().ok());
  std::vector<int> frames_per_call;
  int total = 0;
  while (total < 40) {
    int frames = 0;
    ASSERT_TRUE(receiver_->OnReadable([&](Frame) { ++frames; }).ok());
    frames_per_call.push_back(frames);
    total += frames;
  }
  EXPECT_THAT(frames_per_call, ElementsAre(16, 16, 8));
}

TEST_F(UnixChannelTest, HandlerMayAnswer) {
  sender_->Send(1, AsBytes("ping"));
  Deliver([&](Frame) {
    receiver_->Send(2, AsBytes("pong"));
    EXPECT_TRUE(receiver_->Flush().ok());
  });
  std::string answer;
  EXPECT_TRUE(
      sender_->OnReadable([&](Frame frame) { answer = ToText(frame.payload); })
          .ok());
  EXPECT_EQ(answer, "pong");
}

TEST_F(UnixChannelTest, HundredMegabytesArrive) {
  std::vector<std::byte> payload(size_t{100} << 20);
  for (size_t i = 0; i < payload.size(); i += 4096)
    payload[i] = std::byte(i >> 12);
  sender_->Send(1, payload);
  bool equal = false;
  Deliver([&](Frame frame) {
    equal = std::equal(frame.payload.begin(),
                       frame.payload.end(),
                       payload.begin(),
                       payload.end());
  });
  EXPECT_TRUE(equal);
}

// A peer that writes as fast as it is read must not keep the loop from others.
TEST_F(UnixChannelTest, FloodingPeerIsReadForABoundedTurn) {
  const std::vector<std::byte> payload(100);
  constexpr int kFrames = 100'000;
  for (int i = 0; i < kFrames; ++i) sender_->Send(1, payload);
  ASSERT_TRUE(sender_->Flush().ok());
  ASSERT_TRUE(sender_->wants_write()) << "more than the socket holds";
  size_t bytes = 0;
  const auto count = [&](Frame frame) {
    bytes += kFrameHeaderBytes + frame.payload.size();
    ASSERT_TRUE(sender_->Flush().ok());
  };
  int turns = 0;
  size_t longest = 0;
  for (size_t before = 0; sender_->wants_write(); before = bytes, ++turns) {
    ASSERT_TRUE(receiver_->OnReadable(count).ok());
    ASSERT_GT(bytes, before);
    longest = std::max(longest, bytes - before);
  }
  EXPECT_LT(longest, size_t{512} << 10);
  EXPECT_GT(turns, 10);
}

TEST_F(UnixChannelTest, OversizePayloadIsResourceExhausted) {
  auto pair = MakeSocketPair(SOCK_STREAM);
  UnixChannel small(std::move(pair->first), {.max_payload_bytes = 10});
  UnixChannel peer(std::move(pair->second));
  peer.Send(1, AsBytes("12345678901"));
  ASSERT_TRUE(peer.Flush().ok());
  EXPECT_TRUE(absl::IsResourceExhausted(small.OnReadable(Ignore)));
}

TEST_F(UnixChannelTest, EndOfStreamComesAfterTheLastFrame) {
  sender_->Send(1, AsBytes("last"));
  ASSERT_TRUE(sender_->Flush().ok());
  sender_.reset();
  int frames = 0;
  const auto count = [&](Frame) { ++frames; };
  EXPECT_TRUE(absl::IsOutOfRange(receiver_->OnReadable(count)));
  EXPECT_EQ(frames, 1);
  EXPECT_TRUE(absl::IsOutOfRange(receiver_->OnReadable(count)));
}

TEST_F(UnixChannelTest, PeerDeathInsideAFrameIsDataLoss) {
  std::vector<std::byte> bytes;
  AppendFrame({.type = 1}, AsBytes("whole"), &bytes);
  const size_t whole = bytes.size();
  AppendFrame({.type = 1}, AsBytes("cut"), &bytes);
  bytes.pop_back();
  ASSERT_GT(bytes.size(), whole);
  WriteRaw(bytes);
  sender_.reset();
  int frames = 0;
  const absl::Status status = receiver_->OnReadable([&](Frame) { ++frames; });
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("inside a frame"));
  EXPECT_EQ(frames, 1);
}

TEST_F(UnixChannelTest, PeerThatDiesUnreadIsEndOfStream) {
  // The kernel reports ECONNRESET: what we wrote was never read.
  receiver_->Send(1, AsBytes("never read"));
  ASSERT_TRUE(receiver_->Flush().ok());
  sender_->Send(1, AsBytes("last"));
  ASSERT_TRUE(sender_->Flush().ok());
  sender_.reset();
  int frames = 0;
  EXPECT_TRUE(
      absl::IsOutOfRange(receiver_->OnReadable([&](Frame) { ++frames; })));
  EXPECT_EQ(frames, 1);
}

TEST_F(UnixChannelTest, FlushToADeadPeerSaysEpipeAndReadingGoesOn) {
  sender_->Send(1, AsBytes("last"));
  ASSERT_TRUE(sender_->Flush().ok());
  sender_.reset();
  receiver_->Send(1, AsBytes("too late"));
  EXPECT_EQ(ErrnoOf(receiver_->Flush()), EPIPE);
  int frames = 0;
  EXPECT_TRUE(
      absl::IsOutOfRange(receiver_->OnReadable([&](Frame) { ++frames; })));
  EXPECT_EQ(frames, 1);
}

TEST_F(UnixChannelTest, BytesThatAreNoFrameAreDataLossForGood) {
  WriteRaw(AsBytes("GET / HTTP/1.1\r\nHost: example.com\r\n"));
  EXPECT_TRUE(absl::IsDataLoss(receiver_->OnReadable(Ignore)));
  EXPECT_TRUE(absl::IsDataLoss(receiver_->OnReadable(Ignore)));
}

TEST_F(UnixChannelTest, StrayDescriptorsAreDataLoss) {
  std::vector<std::byte> bytes;
  AppendFrame({.type = 1}, AsBytes("none announced"), &bytes);
  const int fd = sender_->fd();
  ASSERT_EQ(SendMessage(sender_->fd(), bytes, {&fd, 1}), 0);
  EXPECT_TRUE(absl::IsDataLoss(receiver_->OnReadable(Ignore)));
}

}  // namespace
}  // namespace cluster
