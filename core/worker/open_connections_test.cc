#include "core/worker/open_connections.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cluster {
namespace {

using Change = OpenConnections::Change;

class OpenConnectionsTest : public ::testing::Test {
 protected:
  OpenConnectionsTest() { open_.SumIn(&requests_, &lasted_ns_); }

  std::atomic<int64_t> requests_{0};
  std::atomic<uint64_t> lasted_ns_{0};
  OpenConnections open_;
};

TEST_F(OpenConnectionsTest, EachEndsOnce) {
  open_.Opened(7, 0);
  EXPECT_FALSE(open_.Closed(8, 0));
  EXPECT_TRUE(open_.Closed(7, 0));
  EXPECT_FALSE(open_.Closed(7, 0));
}

TEST_F(OpenConnectionsTest, TimesAreSummedAtTheEnd) {
  open_.Opened(1, 1000);
  open_.Opened(2, 1500);
  EXPECT_EQ(lasted_ns_, 0u);
  open_.Closed(1, 4000);
  EXPECT_EQ(lasted_ns_, 3000u);
  open_.Closed(1, 9000);
  EXPECT_EQ(lasted_ns_, 3000u);
  open_.Closed(2, 2000);
  EXPECT_EQ(lasted_ns_, 3500u);
}

TEST_F(OpenConnectionsTest, RequestsAreSummedAndTakenBackAtTheEnd) {
  open_.Opened(1, 0);
  open_.Opened(2, 0);
  EXPECT_EQ(open_.AddRequests(1, 3), Change::kDone);
  EXPECT_EQ(open_.AddRequests(2, 2), Change::kDone);
  EXPECT_EQ(open_.AddRequests(1, -1), Change::kDone);
  EXPECT_EQ(requests_, 4);
  open_.Closed(1, 0);
  EXPECT_EQ(requests_, 2);
  open_.Closed(2, 0);
  EXPECT_EQ(requests_, 0);
}

TEST_F(OpenConnectionsTest, FewerThanNoneAreNone) {
  open_.Opened(1, 0);
  open_.Opened(2, 0);
  open_.AddRequests(2, 5);
  open_.AddRequests(1, 1);
  EXPECT_EQ(open_.AddRequests(1, INT32_MIN), Change::kBelowZero);
  EXPECT_EQ(requests_, 5);
}

TEST_F(OpenConnectionsTest, WhatIsNotOpenHasNoRequests) {
  EXPECT_EQ(open_.AddRequests(1, 1), Change::kNotOpen);
  EXPECT_EQ(requests_, 0);
}

TEST_F(OpenConnectionsTest, ThreadsMayEndConnections) {
  constexpr uint64_t kCount = 4'000;
  for (uint64_t id = 0; id < kCount; ++id) {
    open_.Opened(id, 0);
    open_.AddRequests(id, 1);
  }
  std::atomic<uint64_t> closed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (uint64_t id = 0; id < kCount; ++id) closed += open_.Closed(id, 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(closed, kCount);
  EXPECT_EQ(requests_, 0);
}

}  // namespace
}  // namespace cluster
