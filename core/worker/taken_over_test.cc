#include "core/worker/taken_over.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <memory>

#include "core/base/errno_status.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

bool IsReadable(int fd) {
  pollfd polled = {fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

class TakenOverTest : public ::testing::Test {
 protected:
  std::unique_ptr<TakenOver> taken_over_ = *TakenOver::Create();
  const UniqueFd acceptor_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

TEST_F(TakenOverTest, IsReadableBeforeAnAcceptorOnlyIfConnectionsWait) {
  EXPECT_FALSE(IsReadable(taken_over_->pollable()));
  taken_over_->SetWaiting(true);
  EXPECT_TRUE(IsReadable(taken_over_->pollable()));
}

TEST_F(TakenOverTest, IsReadableWhileTheAcceptorIs) {
  ASSERT_TRUE(taken_over_->Watch(acceptor_.get()).ok());
  EXPECT_FALSE(IsReadable(taken_over_->pollable()));
  eventfd_write(acceptor_.get(), 1);
  EXPECT_TRUE(IsReadable(taken_over_->pollable()));
  EXPECT_TRUE(IsReadable(taken_over_->pollable())) << "level-triggered";
  eventfd_t value;
  eventfd_read(acceptor_.get(), &value);
  EXPECT_FALSE(IsReadable(taken_over_->pollable()));
}

TEST_F(TakenOverTest, FollowsNoLongerAfterUnwatch) {
  ASSERT_TRUE(taken_over_->Watch(acceptor_.get()).ok());
  eventfd_write(acceptor_.get(), 1);
  taken_over_->Unwatch(acceptor_.get());
  EXPECT_FALSE(IsReadable(taken_over_->pollable()));
}

TEST_F(TakenOverTest, FollowsTwo) {
  const UniqueFd other(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  ASSERT_TRUE(taken_over_->Watch(acceptor_.get()).ok());
  ASSERT_TRUE(taken_over_->Watch(other.get()).ok());
  eventfd_write(other.get(), 1);
  EXPECT_TRUE(IsReadable(taken_over_->pollable()));
  taken_over_->Unwatch(other.get());
  EXPECT_FALSE(IsReadable(taken_over_->pollable()));
}

// What is said twice must not need two answers.
TEST_F(TakenOverTest, WaitingIsAFactAndNoCount) {
  taken_over_->SetWaiting(true);
  taken_over_->SetWaiting(true);
  taken_over_->SetWaiting(false);
  EXPECT_FALSE(IsReadable(taken_over_->pollable()));
  taken_over_->SetWaiting(false);
  taken_over_->SetWaiting(true);
  EXPECT_TRUE(IsReadable(taken_over_->pollable()));
}

TEST_F(TakenOverTest, WhatCannotBeWatchedIsAnError) {
  EXPECT_EQ(ErrnoOf(taken_over_->Watch(-1)), EBADF);
}

TEST(TakenOverFdTest, LeavesNoDescriptors) {
  const auto before = OpenFds();
  TakenOver::Create()->reset();
  EXPECT_EQ(OpenFds(), before);
}

}  // namespace
}  // namespace cluster
