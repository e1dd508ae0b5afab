#include "ipc/shared_bytes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string ToText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(SharedBytesTest, JoinedBytesAreACopyOfBoth) {
  std::string rest = "rest";
  const SharedBytes joined = SharedBytes::Join(AsBytes("head "), AsBytes(rest));
  rest = "none";
  EXPECT_EQ(ToText(joined.span()), "head rest");
  EXPECT_TRUE(joined.is_sole());
  EXPECT_EQ(ToText(joined.Part(5, 4).span()), "rest");
  EXPECT_EQ(SharedBytes::Join({}, {}).size(), 0u);
}

// Small ones are copied, large ones sent from where they are: no difference on
// the wire, and descriptors stay with their frames.
TEST(SharedBytesTest, PiecesArriveInOrderWithTheRest) {
  auto pair = MakeSocketPair(SOCK_STREAM);
  ASSERT_TRUE(pair.ok()) << pair.status();
  UnixChannel sender(std::move(pair->first));
  UnixChannel receiver(std::move(pair->second));
  const SharedBytes small = SharedBytes::Copy(AsBytes("small"));
  const SharedBytes large(std::vector<std::byte>(300'000, std::byte{7}));
  std::vector<std::pair<size_t, size_t>> seen;  // payload bytes, descriptors
  std::vector<UniqueFd> fds;
  fds.emplace_back(fcntl(sender.fd(), F_DUPFD_CLOEXEC, 0));
  sender.Send(1, AsBytes("x"));
  sender.SendShared(1, AsBytes("head"), small);
  sender.SendShared(1, AsBytes("head"), large, std::move(fds));
  sender.SendShared(1, AsBytes("head"), large.Part(100'000, 50'000));
  sender.Send(1, AsBytes("yz"));
  EXPECT_EQ(sender.queued_bytes(),
            5 * kFrameHeaderBytes + 1 + 9 + 300'004 + 50'004 + 2);
  const auto take = [&](Frame frame) {
    seen.emplace_back(frame.payload.size(), frame.fds.size());
    if (frame.payload.size() > 9) {
      EXPECT_EQ(ToText(frame.payload.first(4)), "head");
      EXPECT_EQ(frame.payload.back(), std::byte{7});
    }
  };
  while (seen.size() < 5) {
    ASSERT_TRUE(sender.Flush().ok());
    ASSERT_TRUE(receiver.OnReadable(take).ok());
  }
  EXPECT_THAT(seen,
              ElementsAre(std::pair(1, 0),
                          std::pair(9, 0),
                          std::pair(300'004, 1),
                          std::pair(50'004, 0),
                          std::pair(2, 0)));
  EXPECT_EQ(sender.queued_bytes(), 0u);
}

TEST(SharedBytesTest, PartIsOfTheSameMemoryAndKeepsIt) {
  SharedBytes whole = SharedBytes::Copy(AsBytes("0123456789"));
  const std::byte* const data = whole.span().data();
  const SharedBytes part = whole.Part(2, 3);
  whole = SharedBytes();
  EXPECT_EQ(part.span().data(), data + 2);
  EXPECT_EQ(ToText(part.span()), "234");
  EXPECT_EQ(SharedBytes().size(), 0u);
}

}  // namespace
}  // namespace cluster
