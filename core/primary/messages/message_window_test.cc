#include "core/primary/messages/message_window.h"

#include <gtest/gtest.h>

#include "core/control/user_message.h"

namespace cluster {
namespace {

TEST(MessageWindowTest, OneFrameMayGoBeyondTheEdgeAndNoMore) {
  MessageWindow window;
  EXPECT_TRUE(window.Take(kMessageWindowBytes - 1));
  EXPECT_TRUE(window.Take(1000));
  EXPECT_FALSE(window.Take(1));
}

TEST(MessageWindowTest, WhatIsOwedIsNotFreeUntilItIsGiven) {
  MessageWindow window;
  ASSERT_TRUE(window.Take(kMessageWindowBytes));
  window.Settle(kMessageWindowBytes);
  EXPECT_FALSE(window.Take(1));
  EXPECT_EQ(window.TakeCredit(), kMessageWindowBytes);
  EXPECT_TRUE(window.Take(1));
  EXPECT_EQ(window.owed(), 0u);
}

}  // namespace
}  // namespace cluster
