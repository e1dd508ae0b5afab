#include "core/primary/workers/served_listeners.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(ServedListenersTest, EachIsAskedForOnce) {
  ServedListeners listeners;
  EXPECT_FALSE(listeners.contains(3));
  EXPECT_TRUE(listeners.Add(3));
  EXPECT_TRUE(listeners.contains(3));
  EXPECT_FALSE(listeners.Add(3));
  EXPECT_TRUE(listeners.Add(4));
}

TEST(ServedListenersTest, ListensOnceWhereItAsked) {
  ServedListeners listeners;
  EXPECT_FALSE(listeners.BeginListening(3));
  listeners.Add(3);
  EXPECT_FALSE(listeners.listens());
  EXPECT_TRUE(listeners.BeginListening(3));
  EXPECT_TRUE(listeners.listens());
  EXPECT_TRUE(listeners.listens_on(3));
  EXPECT_FALSE(listeners.BeginListening(3));
}

TEST(ServedListenersTest, NewestIsWhereItBeganLast) {
  ServedListeners listeners;
  for (const uint32_t listener : {5u, 2u}) {
    listeners.Add(listener);
    listeners.BeginListening(listener);
    EXPECT_EQ(listeners.newest(), listener);
  }
}

TEST(ServedListenersTest, TakesNoneWhileItPauses) {
  ServedListeners listeners;
  listeners.Add(3);
  EXPECT_FALSE(listeners.takes(3));
  listeners.BeginListening(3);
  EXPECT_TRUE(listeners.takes(3));
  listeners.Pause(3);
  EXPECT_FALSE(listeners.takes(3));
  EXPECT_TRUE(listeners.listens_on(3));
  listeners.Resume(3);
  EXPECT_TRUE(listeners.takes(3));
}

TEST(ServedListenersTest, WhatWasRemovedBeginsAnew) {
  ServedListeners listeners;
  listeners.Add(3);
  listeners.BeginListening(3);
  listeners.Pause(3);
  listeners.Remove(3);
  EXPECT_FALSE(listeners.contains(3));
  EXPECT_FALSE(listeners.listens_on(3));
  EXPECT_TRUE(listeners.Add(3));
  EXPECT_TRUE(listeners.BeginListening(3));
  EXPECT_TRUE(listeners.takes(3));
}

TEST(ServedListenersTest, TakesOnlyPausesThatHaveChanged) {
  ServedListeners listeners;
  listeners.Pause(1);
  listeners.Pause(2);
  listeners.Resume(2);
  EXPECT_EQ(listeners.TakeChangedPauses(), 1u << 1);
  EXPECT_TRUE(listeners.TakeChangedPauses().none());
  listeners.Resume(1);
  EXPECT_EQ(listeners.TakeChangedPauses(), 1u << 1);
  listeners.Pause(1);
  listeners.TakeChangedPauses();
  listeners.Remove(1);
  EXPECT_TRUE(listeners.TakeChangedPauses().none()) << "a new one begins anew";
}

}  // namespace
}  // namespace cluster
