// UnixChannel with a payload ring: large payloads by shared memory, in order
// with all else.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/frame_codec.h"
#include "ipc/open_fds.h"
#include "ipc/payload_ring.h"
#include "ipc/shared_bytes.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

constexpr size_t kLarge = 64 << 10;

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::vector<UniqueFd> OneFd(UniqueFd fd) {
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(fd));
  return fds;
}

// Calls `seen` with the bounds of each ring that this process has mapped.
template <class Seen>
void ForEachRing(Seen seen) {
  FILE* const maps = std::fopen("/proc/self/maps", "re");
  char line[512];
  while (std::fgets(line, sizeof(line), maps) != nullptr) {
    unsigned long first = 0, last = 0;
    std::sscanf(line, "%lx-%lx", &first, &last);
    if (std::strstr(line, "cluster payloads") != nullptr) seen(first, last);
  }
  std::fclose(maps);
}

bool IsInRing(const void* address) {
  const auto at = reinterpret_cast<unsigned long>(address);
  bool is_in = false;
  ForEachRing([&](unsigned long first, unsigned long last) {
    is_in |= at >= first && at < last;
  });
  return is_in;
}

size_t CountRings() {
  size_t count = 0;
  ForEachRing([&](unsigned long, unsigned long) { ++count; });
  return count;
}

class UnixChannelRingTest : public ::testing::Test {
 protected:
  explicit UnixChannelRingTest(ChannelOptions receiver = {.uses_ring = true}) {
    auto pair = MakeSocketPair(SOCK_STREAM);
    EXPECT_TRUE(pair.ok()) << pair.status();
    sender_.emplace(std::move(pair->first), ChannelOptions{.uses_ring = true});
    receiver_.emplace(std::move(pair->second), receiver);
  }

  void Send(const std::string& text, std::vector<UniqueFd> fds = {}) {
    sender_->Send(7, AsBytes(text), std::move(fds));
    sent_.push_back(text);
  }
  // Passes what is queued, and checks it.
  void Pass() {
    size_t came = 0;
    while (came < sent_.size()) {
      ASSERT_TRUE(sender_->Flush().ok());
      const absl::Status status = receiver_->OnReadable([&](Frame frame) {
        ASSERT_LT(came, sent_.size());
        EXPECT_EQ(frame.type, 7);
        const std::string& text = sent_[came++];
        ASSERT_EQ(frame.payload.size(), text.size());
        EXPECT_EQ(std::memcmp(frame.payload.data(), text.data(), text.size()),
                  0);
        in_ring_ += IsInRing(frame.payload.data()) ? 1 : 0;
        for (UniqueFd& fd : frame.fds) fds_.push_back(std::move(fd));
      });
      ASSERT_TRUE(status.ok()) << status;
    }
    sent_.clear();
  }
  // The receiver has the ring from here on.
  void Open() {
    Send(std::string(kLarge, 'a'));
    Pass();
  }
  absl::Status ReadOnly() {
    EXPECT_TRUE(sender_->Flush().ok());
    return receiver_->OnReadable([](Frame) { FAIL() << "a frame came"; });
  }

  std::optional<UnixChannel> sender_;
  std::optional<UnixChannel> receiver_;
  std::vector<std::string> sent_;
  std::vector<UniqueFd> fds_;
  int in_ring_ = 0;
};

TEST_F(UnixChannelRingTest, WhatWaitsInTheRingIsCounted) {
  Open();
  EXPECT_EQ(sender_->withheld_bytes(), 0u);
  sender_->Send(7, AsBytes("small"));
  EXPECT_EQ(sender_->withheld_bytes(), sender_->queued_bytes());
  sender_->Send(7, AsBytes(std::string(kLarge, 'a')));
  EXPECT_EQ(sender_->withheld_bytes(), sender_->queued_bytes() + kLarge);
  EXPECT_LT(sender_->queued_bytes(), 200u);
  ASSERT_TRUE(sender_->Flush().ok());
  EXPECT_EQ(sender_->withheld_bytes(), 0u);
}

TEST_F(UnixChannelRingTest, OnlyPlacesOfLargePayloadsGoByTheSocket) {
  Open();
  const uint64_t before = sender_->written_bytes();
  for (int i = 0; i < 8; ++i) Send(std::string(kLarge, char('b' + i)));
  Pass();
  EXPECT_LT(sender_->written_bytes() - before, 8 * 64u);
}

TEST_F(UnixChannelRingTest, SmallOnesGoByTheSocket) {
  Open();
  const uint64_t before = sender_->written_bytes();
  Send(std::string(1'000, 'b'));
  Pass();
  EXPECT_EQ(sender_->written_bytes() - before, kFrameHeaderBytes + 1'000);
}

TEST_F(UnixChannelRingTest, SharedBytesGoByTheRing) {
  Open();
  const uint64_t before = sender_->written_bytes();
  const std::string text(kLarge, 's');
  sender_->SendShared(7, AsBytes("head"), SharedBytes::Copy(AsBytes(text)));
  sent_.push_back("head" + text);
  Pass();
  EXPECT_LT(sender_->written_bytes() - before, 64u);
}

TEST_F(UnixChannelRingTest, OrderAndDescriptorsAreKept) {
  const size_t open_before = OpenFds();
  Open();
  for (int i = 0; i < 50; ++i) {
    const size_t bytes = i % 3 == 0 ? 10 : kLarge + i;
    std::vector<UniqueFd> fds;
    if (i % 5 == 0) fds = OneFd(UniqueFd(open("/dev/null", O_CLOEXEC)));
    Send(std::string(bytes, char('a' + i % 26)), std::move(fds));
  }
  Pass();
  EXPECT_EQ(fds_.size(), 10u);
  fds_.clear();
  EXPECT_EQ(OpenFds(), open_before) << "a ring costs no descriptor";
}

// 40 of 64 KiB are more than the ring holds.
TEST_F(UnixChannelRingTest, WhatDoesNotFitGoesByTheSocketInOrder) {
  Open();
  for (int i = 0; i < 40; ++i) Send(std::string(kLarge, char('a' + i % 26)));
  EXPECT_GT(sender_->queued_bytes(), 5 * kLarge);
  Pass();
  const uint64_t before = sender_->written_bytes();
  Send(std::string(kLarge, 'z'));
  Pass();
  EXPECT_LT(sender_->written_bytes() - before, 64u) << "there is room again";
}

TEST_F(UnixChannelRingTest, WhoDoesNotTrustReadsACopy) {
  Open();
  Send(std::string(kLarge, 'b'));
  Pass();
  EXPECT_EQ(in_ring_, 0);
}

class TrustingTest : public UnixChannelRingTest {
 protected:
  TrustingTest()
      : UnixChannelRingTest({.uses_ring = true, .trusts_peer = true}) {}
};

TEST_F(TrustingTest, ReadsPayloadsWhereTheyLie) {
  Open();
  for (int i = 0; i < 100; ++i) Send(std::string(kLarge, 'b'));
  Pass();
  EXPECT_GT(in_ring_, 20);
}

TEST_F(UnixChannelRingTest, NoMemoryIsLeftOfAChannelWhosePeerDied) {
  Open();
  Send(std::string(kLarge, 'b'));
  ASSERT_TRUE(sender_->Flush().ok());
  EXPECT_GT(CountRings(), 0u);
  sender_.reset();
  // What was sent before the end is still there to be read.
  size_t bytes = 0;
  (void)receiver_->OnReadable(
      [&](Frame frame) { bytes += frame.payload.size(); });
  EXPECT_EQ(bytes, kLarge);
  receiver_.reset();
  EXPECT_EQ(CountRings(), 0u);
}

TEST_F(UnixChannelRingTest, BothWaysAtOnce) {
  Open();
  receiver_->Send(9, AsBytes(std::string(kLarge, 'x')));
  ASSERT_TRUE(receiver_->Flush().ok());
  int came = 0;
  ASSERT_TRUE(sender_
                  ->OnReadable([&](Frame frame) {
                    came += frame.payload.size() == kLarge ? 1 : 0;
                  })
                  .ok());
  EXPECT_EQ(came, 1);
}

// ---- A peer that lies. It speaks by a channel without a ring of its own.

class HostileRingTest : public UnixChannelRingTest {
 protected:
  HostileRingTest() {
    auto pair = MakeSocketPair(SOCK_STREAM);
    sender_.emplace(std::move(pair->first));
    receiver_.emplace(
        std::move(pair->second),
        ChannelOptions{.max_payload_bytes = kLarge, .uses_ring = true});
  }

  void SendFrame(uint16_t type,
                 std::span<const std::byte> payload,
                 std::vector<UniqueFd> fds = {}) {
    FrameHeader header = {.type = type,
                          .fd_count = static_cast<uint32_t>(fds.size()),
                          .payload_bytes = payload.size()};
    std::vector<std::byte> bytes(kFrameHeaderBytes);
    WriteFrameHeader(header, std::span(bytes).first<kFrameHeaderBytes>());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    iovec part = {bytes.data(), bytes.size()};
    const int fd = fds.empty() ? -1 : fds.front().get();
    const Sent sent = SendGather(
        sender_->fd(), {&part, 1}, {&fd, fds.empty() ? size_t{0} : 1});
    ASSERT_EQ(sent.bytes, bytes.size());
  }
  void Offer() { SendFrame(kRingOffer, {}, OneFd(ring_.TakeFd())); }
  void SendPlace(RingPlace place) {
    SendFrame(7 | kInRing, std::as_bytes(std::span(&place, 1)));
  }

  RingWriter ring_ = *RingWriter::Create();
};

TEST_F(HostileRingTest, PlaceWithoutARing) {
  SendPlace({.position = 0, .bytes = 10});
  EXPECT_TRUE(absl::IsDataLoss(ReadOnly()));
}

TEST_F(HostileRingTest, PlaceOutsideOfTheRing) {
  Offer();
  SendPlace({.position = kRingBytes - 1, .bytes = 10});
  EXPECT_TRUE(absl::IsDataLoss(ReadOnly()));
}

TEST_F(HostileRingTest, PlaceOfMoreThanIsAccepted) {
  Offer();
  SendPlace({.position = 0, .bytes = kLarge + 1});
  EXPECT_TRUE(absl::IsResourceExhausted(ReadOnly()));
}

TEST_F(HostileRingTest, PlaceThatIsNoPlace) {
  Offer();
  SendFrame(7 | kInRing, AsBytes("short"));
  EXPECT_TRUE(absl::IsDataLoss(ReadOnly()));
}

TEST_F(HostileRingTest, AnotherRing) {
  Offer();
  RingWriter another = *RingWriter::Create();
  SendFrame(kRingOffer, {}, OneFd(another.TakeFd()));
  EXPECT_TRUE(absl::IsDataLoss(ReadOnly()));
}

TEST_F(HostileRingTest, RingWithoutADescriptor) {
  SendFrame(kRingOffer, {});
  EXPECT_TRUE(absl::IsDataLoss(ReadOnly()));
}

TEST_F(HostileRingTest, RingThatCouldBeCutShort) {
  UniqueFd fd(memfd_create("unsealed", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(fd.get(), 4096 + kRingBytes), 0);
  SendFrame(kRingOffer, {}, OneFd(std::move(fd)));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadOnly()));
}

TEST_F(HostileRingTest, RingForWhoWantsNone) {
  auto pair = MakeSocketPair(SOCK_STREAM);
  sender_.emplace(std::move(pair->first));
  receiver_.emplace(std::move(pair->second));
  Offer();
  EXPECT_TRUE(absl::IsDataLoss(ReadOnly()));
}

}  // namespace
}  // namespace cluster
