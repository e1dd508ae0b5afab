#include "core/control/stepwise_free.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

constexpr size_t kStep = StepwiseFree::kStepBytes;

SharedBytes Block(size_t size) {
  return SharedBytes(std::vector<std::byte>(size));
}

// How many steps there are until it need not be called again.
int CountSteps(StepwiseFree& free, bool all_sent) {
  int steps = 1;
  while (free.Step(all_sent)) ++steps;
  return steps;
}

TEST(StepwiseFreeTest, SmallBlockIsLetGoAtOnce) {
  StepwiseFree free;
  SharedBytes bytes = Block(kStep);
  free.Add(bytes);
  EXPECT_TRUE(free.empty());
  EXPECT_TRUE(bytes.is_sole());
}

TEST(StepwiseFreeTest, LargeBlockTakesItsSteps) {
  StepwiseFree free;
  free.Add(Block(3 * kStep));
  EXPECT_FALSE(free.empty());
  EXPECT_EQ(CountSteps(free, /*all_sent=*/true), 3);
  EXPECT_TRUE(free.empty());
}

TEST(StepwiseFreeTest, OneStepATurnWhateverTheNumberOfBlocks) {
  StepwiseFree free;
  for (int i = 0; i < 3; ++i) free.Add(Block(2 * kStep));
  EXPECT_EQ(CountSteps(free, /*all_sent=*/true), 6);
}

TEST(StepwiseFreeTest, WhatIsBeingSentStaysWholeWhileOthersHoldIt) {
  StepwiseFree free;
  SharedBytes bytes = Block(3 * kStep);
  const std::byte* const data = bytes.span().data();
  free.Add(bytes);
  EXPECT_FALSE(free.Step(/*all_sent=*/false));
  EXPECT_FALSE(free.empty());
  EXPECT_EQ(bytes.span().data(), data);
  EXPECT_EQ(bytes.size(), 3 * kStep);
  bytes = SharedBytes();
  EXPECT_EQ(CountSteps(free, /*all_sent=*/false), 3);
  EXPECT_TRUE(free.empty());
}

TEST(StepwiseFreeTest, WhatIsHeldThoughAllIsSentIsTheProgramsToFree) {
  StepwiseFree free;
  const SharedBytes bytes = Block(2 * kStep);
  free.Add(bytes);
  EXPECT_FALSE(free.Step(/*all_sent=*/true));
  EXPECT_TRUE(free.empty());
}

TEST(StepwiseFreeTest, SameBytesCountOnce) {
  StepwiseFree free;
  SharedBytes bytes = Block(2 * kStep);
  free.Add(bytes);
  free.Add(bytes);
  bytes = SharedBytes();
  EXPECT_TRUE(free.Step(/*all_sent=*/false)) << "it is the only holder";
}

}  // namespace
}  // namespace cluster
