#include "core/base/stall_detector.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(StallDetectorTest, WhatWaitsAtOneLookProvesNothing) {
  StallDetector detector;
  EXPECT_FALSE(detector.Look(true, 5));
}

TEST(StallDetectorTest, StandsWhenNothingIsTakenBetweenTwoLooks) {
  StallDetector detector;
  EXPECT_FALSE(detector.Look(true, 5));
  EXPECT_TRUE(detector.Look(true, 5));
}

TEST(StallDetectorTest, BusyWorkerTakesSome) {
  StallDetector detector;
  for (uint64_t taken = 0; taken < 10; ++taken) {
    EXPECT_FALSE(detector.Look(true, taken));
  }
}

TEST(StallDetectorTest, WhatCameSinceAnEmptyQueueIsNew) {
  StallDetector detector;
  EXPECT_FALSE(detector.Look(false, 5));
  EXPECT_FALSE(detector.Look(true, 5));
  EXPECT_FALSE(detector.Look(false, 6));
  EXPECT_FALSE(detector.Look(true, 6));
}

TEST(StallDetectorTest, ResetForgetsTheLastLook) {
  StallDetector detector;
  EXPECT_FALSE(detector.Look(true, 5));
  detector.Reset();
  EXPECT_FALSE(detector.Look(true, 5));
}

}  // namespace
}  // namespace cluster
