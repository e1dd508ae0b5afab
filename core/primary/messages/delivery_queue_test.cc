#include "core/primary/messages/delivery_queue.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>

namespace cluster {
namespace {

class DeliveryQueueTest : public ::testing::Test {
 protected:
  void PopWritten(uint64_t written) {
    queue_.PopWritten(written, [this](uint32_t sender, uint64_t cost) {
      settled_[sender] += cost;
    });
  }

  DeliveryQueue queue_;
  std::map<uint32_t, uint64_t> settled_;  // by sender
};

TEST_F(DeliveryQueueTest, SettlesWhatIsWrittenInWhole) {
  queue_.Add({.end = 100, .sender = 1, .cost = 10, .bytes = 100});
  queue_.Add({.end = 200, .sender = 2, .cost = 20, .bytes = 100});
  PopWritten(199);
  EXPECT_EQ(settled_, (std::map<uint32_t, uint64_t>{{1, 10}}));
  EXPECT_EQ(queue_.bytes(), 100u);
  PopWritten(200);
  EXPECT_EQ(settled_, (std::map<uint32_t, uint64_t>{{1, 10}, {2, 20}}));
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.bytes(), 0u);
}

TEST_F(DeliveryQueueTest, ManyOfOneSenderAreSettledInSteps) {
  constexpr uint64_t kCost = DeliveryQueue::kMergedCost / 4;
  for (uint64_t i = 1; i <= 8; ++i) {
    queue_.Add({.end = i, .sender = 1, .cost = kCost, .bytes = 1});
  }
  PopWritten(4);
  EXPECT_EQ(settled_[1], 4 * kCost);
  PopWritten(7);
  EXPECT_EQ(settled_[1], 4 * kCost);
  PopWritten(8);
  EXPECT_EQ(settled_[1], 8 * kCost);
}

TEST_F(DeliveryQueueTest, WhatIsForgivenStaysAndIsSettledOnce) {
  queue_.Add({.end = 100, .sender = 1, .cost = 10, .bytes = 100});
  queue_.Forgive(
      [this](uint32_t sender, uint64_t cost) { settled_[sender] += cost; });
  EXPECT_EQ(settled_[1], 10u);
  EXPECT_EQ(queue_.bytes(), 100u);
  PopWritten(100);
  EXPECT_EQ(settled_, (std::map<uint32_t, uint64_t>{{1, 10}}));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(DeliveryQueueTest, DescriptorsAreCountedBySenderUntilTheyAreWritten) {
  queue_.Add({.end = 1, .sender = 1, .bytes = 1});
  queue_.Add({.end = 2, .sender = 1, .bytes = 1, .fds = 2, .fds_of = 1});
  queue_.Add({.end = 3, .sender = 1, .bytes = 1});
  queue_.Add({.end = 4, .sender = 2, .bytes = 1, .fds = 5, .fds_of = 2});
  queue_.Forgive([](uint32_t, uint64_t) {});
  queue_.Add({.end = 5, .bytes = 1, .fds = 1, .fds_of = 1});
  EXPECT_EQ(queue_.FdsOf(1), 3u);
  EXPECT_EQ(queue_.FdsOf(2), 5u);
  EXPECT_EQ(queue_.FdsOf(3), 0u);
  PopWritten(4);
  EXPECT_EQ(queue_.FdsOf(1), 1u);
  EXPECT_EQ(queue_.FdsOf(2), 0u);
}

}  // namespace
}  // namespace cluster
