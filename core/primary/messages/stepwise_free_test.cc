#include "core/primary/messages/stepwise_free.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "core/control/message_bytes.h"
#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

constexpr size_t kStep = StepwiseFree::kStepBytes;

MessageBytes Owned(size_t size) {
  MessageBytes bytes;
  EXPECT_TRUE(bytes.Append(std::vector<std::byte>(size)));
  return bytes;
}

SharedBytes Shared(size_t size) {
  return SharedBytes(std::vector<std::byte>(size));
}

// How many steps there are until it need not be called again.
int CountSteps(StepwiseFree& free, bool all_sent) {
  int steps = 1;
  while (free.Step(all_sent)) ++steps;
  return steps;
}

TEST(StepwiseFreeTest, SmallBlockIsFreedAtOnce) {
  StepwiseFree free;
  EXPECT_FALSE(free.Add(Owned(kStep)));
  EXPECT_FALSE(free.Step(true));
}

TEST(StepwiseFreeTest, LargeBlockTakesItsSteps) {
  StepwiseFree free;
  EXPECT_TRUE(free.Add(Owned(3 * kStep)));
  EXPECT_EQ(CountSteps(free, true), 3);
}

TEST(StepwiseFreeTest, WhatIsBeingSentStaysWholeWhileOthersHoldIt) {
  StepwiseFree free;
  SharedBytes bytes = Shared(3 * kStep);
  const std::byte* const data = bytes.span().data();
  free.AddSent(bytes);
  EXPECT_FALSE(free.Step(/*all_sent=*/false));
  EXPECT_TRUE(free.has_sent());
  EXPECT_EQ(bytes.span().data(), data);
  EXPECT_EQ(bytes.size(), 3 * kStep);
  bytes = SharedBytes();
  EXPECT_TRUE(free.Step(/*all_sent=*/false));
  CountSteps(free, /*all_sent=*/false);
  EXPECT_FALSE(free.has_sent());
}

TEST(StepwiseFreeTest, WhatIsHeldThoughAllIsSentIsTheProgramsToFree) {
  StepwiseFree free;
  const SharedBytes bytes = Shared(2 * kStep);
  free.AddSent(bytes);
  EXPECT_FALSE(free.Step(/*all_sent=*/true));
  EXPECT_FALSE(free.has_sent());
}

TEST(StepwiseFreeTest, SameBytesCountOnce) {
  StepwiseFree free;
  SharedBytes bytes = Shared(2 * kStep);
  free.AddSent(bytes);
  free.AddSent(bytes);
  bytes = SharedBytes();
  EXPECT_TRUE(free.Step(/*all_sent=*/false)) << "it is the only holder";
}

}  // namespace
}  // namespace cluster
