#include "core/primary/workers/fork_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/control/data_path.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

constexpr size_t kAtOnce = ForkQueue::kAtOnce;

class ForkQueueTest : public ::testing::Test {
 protected:
  void Add(size_t slots) {
    for (size_t i = 0; i < slots; ++i) {
      slots_.push_back(*Slot::Create(static_cast<uint32_t>(slots_.size()),
                                     /*listeners=*/0,
                                     DataPath::kHandoff));
      queue_.Add(*slots_.back());
    }
  }

  absl::Status ForkSome() {
    return queue_.ForkSome([this](Slot& slot) {
      forked_.push_back(slot.index());
      if (forked_.size() == fails_at_) return absl::UnavailableError("no");
      if (forked_.size() == clears_at_) queue_.Clear();
      return absl::OkStatus();
    });
  }

  boost::asio::io_context io_{1};
  size_t turns_ = 0;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<uint32_t> forked_;
  size_t fails_at_ = 0;
  size_t clears_at_ = 0;
  ForkQueue queue_{io_, [this] {
                     ++turns_;
                     EXPECT_TRUE(ForkSome().ok());
                   }};
};

TEST_F(ForkQueueTest, FewAreForkedAtOnce) {
  Add(kAtOnce);
  ASSERT_TRUE(ForkSome().ok());
  EXPECT_EQ(forked_.size(), kAtOnce);
  EXPECT_TRUE(queue_.empty());
  io_.run();
  EXPECT_EQ(turns_, 0u);
}

TEST_F(ForkQueueTest, ManyAreForkedInTurnsBetweenWhichOthersHaveTheirs) {
  Add(3 * kAtOnce);
  ASSERT_TRUE(ForkSome().ok());
  std::vector<size_t> seen;
  boost::asio::post(io_, [&] {
    seen.push_back(forked_.size());
    boost::asio::post(io_, [&] { seen.push_back(forked_.size()); });
  });
  io_.run();
  EXPECT_THAT(seen, ElementsAre(2 * kAtOnce, 3 * kAtOnce));
  EXPECT_EQ(turns_, 2u);
  for (uint32_t i = 0; i < 3 * kAtOnce; ++i) EXPECT_EQ(forked_[i], i);
}

TEST_F(ForkQueueTest, ClearedByAForkItForksNoMore) {
  Add(2 * kAtOnce);
  clears_at_ = 3;
  ASSERT_TRUE(ForkSome().ok());
  EXPECT_TRUE(queue_.empty());
  io_.run();
  EXPECT_EQ(forked_.size(), 3u);
}

TEST_F(ForkQueueTest, ErrorEndsIt) {
  Add(3);
  fails_at_ = 2;
  EXPECT_EQ(ForkSome(), absl::UnavailableError("no"));
  EXPECT_EQ(forked_.size(), 2u);
}

TEST_F(ForkQueueTest, RefusedAreTriedAgainLaterAndDoNotCountAsWaiting) {
  Add(1);
  ASSERT_TRUE(ForkSome().ok());
  queue_.AddRefused(*slots_[0]);
  EXPECT_TRUE(queue_.empty());
  io_.run();
  EXPECT_THAT(forked_, ElementsAre(0u, 0u));
}

TEST_F(ForkQueueTest, ClearedItDoesNotTryTheRefused) {
  Add(1);
  ASSERT_TRUE(ForkSome().ok());
  queue_.AddRefused(*slots_[0]);
  queue_.Clear();
  io_.run();
  EXPECT_THAT(forked_, ElementsAre(0u));
}

}  // namespace
}  // namespace cluster
