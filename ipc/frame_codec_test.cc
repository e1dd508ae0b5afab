#include "ipc/frame_codec.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "ipc/frame.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::byte>;

constexpr size_t kMaxPayload = 1000;

Bytes ToBytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string ToText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes MakeFrame(uint16_t type, std::string_view payload, uint32_t fds = 0) {
  Bytes bytes;
  AppendFrame({.type = type, .fd_count = fds}, ToBytes(payload), &bytes);
  return bytes;
}

// A header that may lie, and nothing after it.
Bytes MakeHeader(const FrameHeader& header) {
  Bytes bytes(kFrameHeaderBytes);
  WriteFrameHeader(header,
                   std::span<std::byte, kFrameHeaderBytes>(bytes.data(), 24));
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::vector<UniqueFd> MakeFds(size_t count) {
  std::vector<UniqueFd> fds;
  for (size_t i = 0; i < count; ++i) {
    fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(fds.back());
  }
  return fds;
}

void ExpectUnavailable(FrameDecoder& decoder) {
  EXPECT_EQ(decoder.Next().status().code(), absl::StatusCode::kUnavailable);
}

// Every call fails alike from here on, whatever comes.
void ExpectLost(FrameDecoder& decoder,
                absl::StatusCode code,
                std::string_view why) {
  const absl::Status status = decoder.Next().status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(why)));
  decoder.Feed(MakeFrame(1, "fine"), MakeFds(1));
  EXPECT_EQ(decoder.Next().status(), status);
}

class FrameDecoderTest : public ::testing::Test {
 protected:
  ~FrameDecoderTest() override { EXPECT_EQ(OpenFds(), fds_before_); }

  const size_t fds_before_ = OpenFds();
};

TEST_F(FrameDecoderTest, WholeFrameComesOut) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(MakeFrame(7, "payload"));
  const absl::StatusOr<Frame> frame = decoder.Next();
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->type, 7);
  EXPECT_EQ(ToText(frame->payload), "payload");
  EXPECT_TRUE(frame->fds.empty());
  ExpectUnavailable(decoder);
  EXPECT_FALSE(decoder.mid_frame());
}

TEST_F(FrameDecoderTest, NothingFedIsUnavailable) {
  FrameDecoder decoder(kMaxPayload);
  ExpectUnavailable(decoder);
  EXPECT_FALSE(decoder.mid_frame());
}

TEST_F(FrameDecoderTest, EmptyPayloadIsAFrame) {
  FrameDecoder decoder(0);
  decoder.Feed(MakeFrame(1, ""));
  EXPECT_TRUE(decoder.Next()->payload.empty());
}

TEST_F(FrameDecoderTest, PayloadOfExactlyTheMaximumIsTaken) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(MakeFrame(1, std::string(kMaxPayload, 'x')));
  EXPECT_EQ(decoder.Next()->payload.size(), kMaxPayload);
}

TEST_F(FrameDecoderTest, EveryTruncationWaitsForTheRest) {
  const Bytes bytes = MakeFrame(3, "payload");
  for (size_t size = 1; size < bytes.size(); ++size) {
    FrameDecoder decoder(kMaxPayload);
    decoder.Feed(std::span(bytes).first(size));
    ExpectUnavailable(decoder);
    EXPECT_TRUE(decoder.mid_frame());
    decoder.Feed(std::span(bytes).subspan(size));
    EXPECT_EQ(ToText(decoder.Next()->payload), "payload");
  }
}

TEST_F(FrameDecoderTest, ByteAtATimeGivesTheSameFrames) {
  FrameDecoder decoder(kMaxPayload);
  const Bytes bytes =
      MakeFrame(1, "one") + MakeFrame(2, "") + MakeFrame(3, "three");
  std::string seen;
  for (const std::byte& byte : bytes) {
    decoder.Feed({&byte, 1});
    const absl::StatusOr<Frame> frame = decoder.Next();
    if (frame.ok()) seen += ToText(frame->payload) + ";";
  }
  EXPECT_EQ(seen, "one;;three;");
}

TEST_F(FrameDecoderTest, EveryWrongMagicAndVersionByteIsDataLoss) {
  for (size_t offset = 0; offset < 6; ++offset) {
    for (int flip = 1; flip < 256; ++flip) {
      FrameDecoder decoder(kMaxPayload);
      Bytes bytes = MakeFrame(1, "x");
      bytes[offset] ^= std::byte(flip);
      decoder.Feed(bytes, MakeFds(1));
      ExpectLost(decoder,
                 absl::StatusCode::kDataLoss,
                 offset < 4 ? "magic" : "version");
    }
  }
}

TEST_F(FrameDecoderTest, AnnouncedLengthAboveTheMaximumTakesNoMemory) {
  std::vector<uint64_t> lengths = {kMaxPayload + 1, ~uint64_t{0}};
  for (int bit = 10; bit < 64; ++bit) {
    lengths.push_back(uint64_t{1} << bit);
    lengths.push_back(~uint64_t{0} - (uint64_t{1} << bit));
  }
  // Such that a sum with the header's size wraps around.
  for (uint64_t i = 0; i < 64; ++i) lengths.push_back(~uint64_t{0} - i);
  for (const uint64_t length : lengths) {
    FrameDecoder decoder(kMaxPayload);
    decoder.Feed(MakeHeader({.payload_bytes = length}));
    ExpectLost(decoder, absl::StatusCode::kResourceExhausted, "bytes");
    EXPECT_LE(decoder.capacity_bytes(), 1024u);
  }
}

TEST_F(FrameDecoderTest, AnyLengthFitsADecoderWithoutLimit) {
  FrameDecoder decoder(~size_t{0});
  decoder.Feed(MakeHeader({.payload_bytes = ~uint64_t{0}}) + Bytes(100));
  ExpectUnavailable(decoder);
  EXPECT_LE(decoder.capacity_bytes(), 1024u);
}

TEST_F(FrameDecoderTest, MemoryFollowsWhatArrivedAndNotWhatIsAnnounced) {
  FrameDecoder decoder(size_t{1} << 40);
  decoder.Feed(MakeHeader({.payload_bytes = uint64_t{1} << 40}));
  const Bytes chunk(1000);
  for (size_t fed = 0; fed < 100'000; fed += chunk.size()) {
    decoder.Feed(chunk);
    ExpectUnavailable(decoder);
    EXPECT_LE(decoder.capacity_bytes(), 2 * (fed + 2 * chunk.size()));
  }
}

TEST_F(FrameDecoderTest, FramesBeforeABadOneAreDelivered) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(MakeFrame(1, "good") + ToBytes(std::string(24, '!')));
  EXPECT_EQ(ToText(decoder.Next()->payload), "good");
  ExpectLost(decoder, absl::StatusCode::kDataLoss, "magic");
}

TEST_F(FrameDecoderTest, DescriptorsGoToTheirFramesInOrder) {
  FrameDecoder decoder(kMaxPayload);
  std::vector<UniqueFd> fds = MakeFds(3);
  const int first = fds[0].get();
  const int third = fds[2].get();
  decoder.Feed(MakeFrame(1, "a", 2) + MakeFrame(2, "b") + MakeFrame(3, "c", 1),
               std::move(fds));
  const absl::StatusOr<Frame> a = decoder.Next();
  ASSERT_EQ(a->fds.size(), 2u);
  EXPECT_EQ(a->fds[0].get(), first);
  EXPECT_TRUE(decoder.Next()->fds.empty());
  EXPECT_EQ(decoder.Next()->fds.at(0).get(), third);
  ExpectUnavailable(decoder);
}

TEST_F(FrameDecoderTest, DescriptorsMayComeWithAnyByteOfTheirFrame) {
  const Bytes bytes = MakeFrame(1, "abc", 1);
  for (size_t at = 0; at < bytes.size(); ++at) {
    FrameDecoder decoder(kMaxPayload);
    for (size_t i = 0; i + 1 < bytes.size(); ++i) {
      decoder.Feed({&bytes[i], 1}, MakeFds(i == at ? 1 : 0));
      ExpectUnavailable(decoder);
    }
    decoder.Feed({&bytes.back(), 1}, MakeFds(at + 1 == bytes.size() ? 1 : 0));
    EXPECT_EQ(decoder.Next()->fds.size(), 1u);
  }
}

TEST_F(FrameDecoderTest, LargestDescriptorCountIsTaken) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(MakeFrame(1, "", kMaxFrameFds), MakeFds(kMaxFrameFds));
  EXPECT_EQ(decoder.Next()->fds.size(), kMaxFrameFds);
}

TEST_F(FrameDecoderTest, AnnouncingMoreDescriptorsThanMayComeIsDataLoss) {
  for (const uint32_t count : {254u, 255u, 65536u, 1u << 31, ~0u}) {
    FrameDecoder decoder(kMaxPayload);
    decoder.Feed(MakeHeader({.fd_count = count}), MakeFds(2));
    ExpectLost(decoder, absl::StatusCode::kDataLoss, "of at most 253");
  }
}

// Empty descriptors, as they stand for lost ones.
std::vector<UniqueFd> WithLoss(std::vector<UniqueFd> fds) {
  fds.emplace_back();
  return fds;
}

TEST_F(FrameDecoderTest, LostDescriptorsAreEmptyInTheirFrame) {
  FrameDecoder decoder(kMaxPayload);
  const Bytes first = MakeFrame(1, "first", 3);
  decoder.Feed(std::span(first).first(10), WithLoss(MakeFds(1)));
  ExpectUnavailable(decoder);
  // The rest of it, and the next one with all that it had.
  decoder.Feed(Bytes(first.begin() + 10, first.end()) + MakeFrame(2, "none") +
                   MakeFrame(3, "next", 2),
               MakeFds(2));
  const absl::StatusOr<Frame> lossy = decoder.Next();
  ASSERT_EQ(lossy->fds.size(), 3u);
  EXPECT_TRUE(lossy->fds[0]);
  EXPECT_FALSE(lossy->fds[1]);
  EXPECT_FALSE(lossy->fds[2]);
  EXPECT_TRUE(decoder.Next()->fds.empty());
  const absl::StatusOr<Frame> next = decoder.Next();
  ASSERT_EQ(next->fds.size(), 2u);
  EXPECT_TRUE(next->fds[0] && next->fds[1]);
  ExpectUnavailable(decoder);
}

TEST_F(FrameDecoderTest, LossThatNoFrameAnnouncesIsDataLoss) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(MakeFrame(1, "x"), WithLoss({}));
  EXPECT_TRUE(decoder.Next()->fds.empty());
  ExpectLost(decoder, absl::StatusCode::kDataLoss, "without a frame");
}

TEST_F(FrameDecoderTest, MissingDescriptorsAreDataLoss) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(MakeFrame(1, "x", 2), MakeFds(1));
  ExpectLost(decoder, absl::StatusCode::kDataLoss, "announces 2");
}

TEST_F(FrameDecoderTest, StrayDescriptorAfterWholeFramesIsDataLoss) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(MakeFrame(1, "x", 1), MakeFds(2));
  EXPECT_EQ(decoder.Next()->fds.size(), 1u);
  ExpectLost(decoder, absl::StatusCode::kDataLoss, "without a frame");
}

TEST_F(FrameDecoderTest, StrayDescriptorWithoutBytesIsDataLoss) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed({}, MakeFds(1));
  ExpectLost(decoder, absl::StatusCode::kDataLoss, "without a frame");
}

TEST_F(FrameDecoderTest, StrayDescriptorInsideAFrameIsDataLoss) {
  FrameDecoder decoder(kMaxPayload);
  Bytes bytes = MakeFrame(1, "xyz", 1);
  bytes.pop_back();
  decoder.Feed(bytes, MakeFds(2));
  ExpectLost(decoder, absl::StatusCode::kDataLoss, "announces 1");
}

TEST_F(FrameDecoderTest, MoreDescriptorsThanAnyHeaderClaimsAreDataLoss) {
  FrameDecoder decoder(kMaxPayload);
  const Bytes bytes = MakeFrame(1, "");
  decoder.Feed(std::span(bytes).first(5), MakeFds(kMaxFrameFds));
  ExpectUnavailable(decoder);
  decoder.Feed(std::span(bytes).subspan(5, 1), MakeFds(1));
  ExpectLost(decoder, absl::StatusCode::kDataLoss, "without a frame");
}

TEST_F(FrameDecoderTest, UnclaimedDescriptorsCloseWithTheDecoder) {
  FrameDecoder decoder(kMaxPayload);
  const Bytes bytes = MakeFrame(1, "", 2);
  decoder.Feed(std::span(bytes).first(5), MakeFds(2));
  ExpectUnavailable(decoder);
  EXPECT_EQ(OpenFds(), fds_before_ + 2);
}

TEST_F(FrameDecoderTest, ManySmallFramesDoNotGrowTheBuffer) {
  FrameDecoder decoder(kMaxPayload);
  const Bytes frame = MakeFrame(1, std::string(100, 'x'));
  const Bytes pair = frame + frame;
  // The cut wanders through the frames, so that something is always left over.
  size_t frames = 0;
  Bytes rest;
  for (size_t i = 0; i < 10'000; ++i) {
    Bytes bytes = rest + pair;
    const size_t cut = bytes.size() - i % frame.size();
    decoder.Feed(std::span(bytes).first(cut));
    rest.assign(bytes.begin() + static_cast<ptrdiff_t>(cut), bytes.end());
    while (decoder.Next().ok()) ++frames;
    ASSERT_LE(decoder.capacity_bytes(), 16'384u);
  }
  EXPECT_GE(frames, 19'990u);
}

TEST_F(FrameDecoderTest, IdleDecoderGivesBigBuffersBack) {
  FrameDecoder decoder(size_t{64} << 20);
  Bytes bytes;
  AppendFrame({}, Bytes(size_t{10} << 20), &bytes);
  decoder.Feed(bytes);
  EXPECT_TRUE(decoder.Next().ok());
  EXPECT_GT(decoder.capacity_bytes(), size_t{10} << 20);
  ExpectUnavailable(decoder);
  EXPECT_LE(decoder.capacity_bytes(), FrameDecoder::kIdleBytes);
}

TEST_F(FrameDecoderTest, BigBufferIsGivenBackWithANewFrameBegun) {
  FrameDecoder decoder(size_t{64} << 20);
  Bytes bytes;
  AppendFrame({}, Bytes(size_t{10} << 20), &bytes);
  decoder.Feed(bytes + ToBytes("CL"));
  EXPECT_TRUE(decoder.Next().ok());
  ExpectUnavailable(decoder);
  EXPECT_TRUE(decoder.mid_frame());
  EXPECT_LE(decoder.capacity_bytes(), FrameDecoder::kIdleBytes);
}

TEST_F(FrameDecoderTest, FailedDecoderKeepsNothing) {
  FrameDecoder decoder(kMaxPayload);
  decoder.Feed(Bytes(size_t{2} << 20));
  EXPECT_TRUE(absl::IsDataLoss(decoder.Next().status()));
  decoder.Feed(Bytes(size_t{2} << 20), MakeFds(3));
  EXPECT_LE(decoder.capacity_bytes(), FrameDecoder::kIdleBytes);
  EXPECT_EQ(OpenFds(), fds_before_);
}

}  // namespace
}  // namespace cluster
