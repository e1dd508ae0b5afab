#include "core/scoreboard/plugin_phase.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cluster {
namespace {

constexpr auto kLast = static_cast<uint32_t>(PluginPhase::kDestroying);

TEST(PluginPhaseTest, EachPhaseNamesThePluginInWordsOfItsOwn) {
  std::set<std::string> seen;
  for (uint32_t phase = 1; phase <= kLast; ++phase) {
    const std::string words = DescribePhase(phase, "x.so");
    EXPECT_NE(words.find("x.so"), std::string::npos) << phase;
    EXPECT_TRUE(seen.insert(words).second) << words;
  }
  EXPECT_EQ(DescribePhase(static_cast<uint32_t>(PluginPhase::kLoading), "x.so"),
            "while loading x.so (in a constructor?)");
}

TEST(PluginPhaseTest, NumberThatIsNoPhaseHasNoWords) {
  EXPECT_EQ(DescribePhase(0, "x.so"), "");
  EXPECT_EQ(DescribePhase(kLast + 1, "x.so"), "");
  EXPECT_EQ(DescribePhase(UINT32_MAX, "x.so"), "");
}

TEST(PluginPhaseTest, StartEndsWhereServingBegins) {
  EXPECT_TRUE(phase_is_start(0));
  EXPECT_TRUE(phase_is_start(static_cast<uint32_t>(PluginPhase::kStarting)));
  EXPECT_FALSE(phase_is_start(static_cast<uint32_t>(PluginPhase::kServing)));
}

}  // namespace
}  // namespace cluster
