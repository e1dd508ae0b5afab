#include "core/event_loop/alarm.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

namespace cluster {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

class AlarmTest : public ::testing::Test {
 protected:
  boost::asio::io_context io_{1};
  std::unique_ptr<Alarm> alarm_ = std::make_unique<Alarm>(io_);
  int rings_ = 0;
};

TEST_F(AlarmTest, RingsOnce) {
  EXPECT_FALSE(alarm_->set());
  alarm_->Set(nanoseconds(0), [&] { ++rings_; });
  EXPECT_TRUE(alarm_->set());
  io_.run();
  EXPECT_EQ(rings_, 1);
  EXPECT_FALSE(alarm_->set());
}

TEST_F(AlarmTest, CancelledDoesNotRing) {
  alarm_->Set(nanoseconds(0), [&] { ++rings_; });
  alarm_->Cancel();
  EXPECT_FALSE(alarm_->set());
  io_.run();
  EXPECT_EQ(rings_, 0);
}

TEST_F(AlarmTest, SettingAnewReplaces) {
  alarm_->Set(hours(1), [&] { ADD_FAILURE(); });
  alarm_->Set(nanoseconds(0), [&] { ++rings_; });
  io_.run();
  EXPECT_EQ(rings_, 1);
}

TEST_F(AlarmTest, DestroyedDoesNotRing) {
  alarm_->Set(nanoseconds(0), [&] { ++rings_; });
  alarm_.reset();
  io_.run();
  EXPECT_EQ(rings_, 0);
}

TEST_F(AlarmTest, MayBeSetInsideItsCallback) {
  alarm_->Set(nanoseconds(0), [&] {
    ++rings_;
    alarm_->Set(nanoseconds(0), [&] { ++rings_; });
  });
  io_.run();
  EXPECT_EQ(rings_, 2);
}

TEST_F(AlarmTest, MayBeDestroyedInsideItsCallback) {
  alarm_->Set(nanoseconds(0), [&] {
    ++rings_;
    alarm_.reset();
  });
  io_.run();
  EXPECT_EQ(rings_, 1);
}

// Two come due together: the first one's callback still can stop the second,
// whose handler the io_context already holds ready.
TEST_F(AlarmTest, DestroyedWhenDueDoesNotRing) {
  Alarm first(io_);
  first.Set(nanoseconds(0), [&] { alarm_.reset(); });
  alarm_->Set(nanoseconds(1), [&] { ++rings_; });
  const auto due = std::chrono::steady_clock::now() + nanoseconds(1'000);
  while (std::chrono::steady_clock::now() < due) {
  }
  io_.run();
  EXPECT_EQ(rings_, 0);
}

TEST_F(AlarmTest, ReleasesWhatTheCallbackHolds) {
  const auto held = std::make_shared<int>(0);
  alarm_->Set(hours(1), [held] {});
  EXPECT_EQ(held.use_count(), 2);
  alarm_->Cancel();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace cluster
