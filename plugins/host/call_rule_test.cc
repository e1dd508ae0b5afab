#include "plugins/host/call_rule.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(CallRuleTest, TagIsThatOfTheHeaders) {
  CallRule rule = {"cluster.loop/1", "post", kAnyThread, kCreatedToDraining};
  EXPECT_EQ(TagOf(rule), "[any-thread & created to draining]");
  rule = {"cluster.config/1", "get", kLoopThread, kCreatedToStarted};
  EXPECT_EQ(TagOf(rule), "[loop-thread & created, started]");
  rule.states = kDestroyed;
  EXPECT_EQ(TagOf(rule), "[loop-thread & destroyed]");
}

}  // namespace
}  // namespace cluster
