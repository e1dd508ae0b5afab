#include "ipc/lost_descriptors.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "ipc/channel_pair_fixture.h"
#include "ipc/frame.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

// This process gets no descriptor of that number, or a higher one.
class AtDescriptorLimit {
 public:
  explicit AtDescriptorLimit(int number) {
    getrlimit(RLIMIT_NOFILE, &old_);
    rlimit low = old_;
    low.rlim_cur = static_cast<rlim_t>(number);
    setrlimit(RLIMIT_NOFILE, &low);
  }
  ~AtDescriptorLimit() { setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_ = {};
};

class LostDescriptorsTest : public ChannelPairTest {
 protected:
  void SendWith(size_t count, size_t payload_bytes) {
    std::vector<UniqueFd> fds;
    for (size_t i = 0; i < count; ++i) fds.emplace_back(dup(sender_->fd()));
    sender_->Send(1, std::vector<std::byte>(payload_bytes), std::move(fds));
  }
  // How many descriptors came with each frame of so many, "1/3".
  void Came(const Frame& frame) {
    const size_t lost = CountLost(frame.fds);
    came_.push_back(std::to_string(frame.fds.size() - lost) + "/" +
                    std::to_string(frame.fds.size()));
  }

  // There is one number below it that is not in use.
  const int limit_ =
      UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)).get() + 1;
  std::vector<std::string> came_;
};

TEST_F(LostDescriptorsTest, WhatIsLostIsEmptyAndTheChannelGoesOn) {
  SendWith(0, 6);
  SendWith(3, 0);
  SendWith(0, 5);
  ASSERT_TRUE(sender_->Flush().ok());
  {
    const AtDescriptorLimit limit(limit_);
    Deliver([&](Frame frame) {
      Came(frame);
      EXPECT_TRUE(frame.fds.empty() || frame.fds.front());
    });
  }
  SendWith(2, 0);
  Deliver([&](Frame frame) { Came(frame); });
  EXPECT_THAT(came_, ElementsAre("0/0", "1/3", "0/0", "2/2"));
}

TEST_F(LostDescriptorsTest, EachLossIsItsOwnFrames) {
  // Larger than a read, and ends in one read with the next's beginning.
  SendWith(2, 600'000);
  SendWith(1, 100);
  SendWith(4, 300'000);
  SendWith(0, 10);
  const AtDescriptorLimit limit(limit_);
  Deliver([&](Frame frame) { Came(frame); });  // and closes what came
  EXPECT_THAT(came_, ElementsAre("1/2", "0/1", "1/4", "0/0"));
}

// The memory for large payloads comes as a descriptor, too.
TEST_F(LostDescriptorsTest, WithoutThePayloadRingAllGoesByTheSocket) {
  Connect({.uses_ring = true});
  size_t bytes = 0;
  const auto count = [&](Frame frame) { bytes += frame.payload.size(); };
  SendWith(0, 100'000);
  {
    const AtDescriptorLimit limit(0);
    Deliver(count);
  }
  SendWith(0, 100'000);
  Deliver(count);
  EXPECT_EQ(bytes, 200'000u);
}

TEST(DescriptorsLostTest, SaysTheLimit) {
  EXPECT_THAT(std::string(DescriptorsLost().message()),
              ::testing::HasSubstr("(RLIMIT_NOFILE)"));
}

}  // namespace
}  // namespace cluster
