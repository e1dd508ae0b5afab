#include "core/supervisor/stdio_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cluster {
namespace {

using ::testing::HasSubstr;
using Kind = StdioSlot::Kind;

TEST(StdioPlanTest, UsualPlansAreFineAndHaveTheChannelAtThree) {
  for (const StdioPlan& plan :
       {InheritedStdio(), CapturedOutput(), PipedStdio()}) {
    EXPECT_TRUE(CheckStdio(plan).ok());
    EXPECT_EQ(ChannelSlot(plan), 3);
  }
}

TEST(StdioPlanTest, ChannelMayBeAnywhere) {
  const StdioPlan plan = {{.kind = Kind::kIpc}, {.kind = Kind::kIgnore}};
  EXPECT_TRUE(CheckStdio(plan).ok());
  EXPECT_EQ(ChannelSlot(plan), 0);
}

TEST(StdioPlanTest, PlanWithoutChannelIsRefused) {
  EXPECT_THAT(std::string(CheckStdio({{.kind = Kind::kPipe}}).message()),
              HasSubstr("exactly one slot has to be the IPC channel, not 0"));
}

TEST(StdioPlanTest, TwoChannelsAreRefused) {
  StdioPlan plan = InheritedStdio();
  plan.push_back({.kind = Kind::kIpc});
  EXPECT_THAT(std::string(CheckStdio(plan).message()), HasSubstr("not 2"));
}

TEST(StdioPlanTest, DescriptorBelowZeroIsRefused) {
  StdioPlan plan = InheritedStdio();
  plan.push_back({.kind = Kind::kFd});
  EXPECT_THAT(std::string(CheckStdio(plan).message()),
              HasSubstr("slot 4 names the descriptor -1"));
}

TEST(StdioPlanTest, TooManySlotsAreRefused) {
  StdioPlan plan = InheritedStdio();
  plan.resize(kMaxStdioSlots);
  EXPECT_TRUE(CheckStdio(plan).ok());
  plan.resize(kMaxStdioSlots + 1);
  EXPECT_FALSE(CheckStdio(plan).ok());
}

}  // namespace
}  // namespace cluster
