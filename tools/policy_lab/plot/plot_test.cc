#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tools/policy_lab/plot/axis.h"
#include "tools/policy_lab/plot/chart.h"
#include "tools/policy_lab/plot/svg.h"

namespace cluster::lab {
namespace {

std::vector<std::string> Labels(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Axis::Tick& tick : axis.ticks()) labels.push_back(tick.label);
  return labels;
}

TEST(AxisTest, LinearTicksAreRound) {
  const Axis axis(0, 37, false, 0, 100);
  EXPECT_EQ(Labels(axis),
            std::vector<std::string>({"0", "10", "20", "30", "40"}));
  EXPECT_DOUBLE_EQ(axis.At(0), 0);
  EXPECT_DOUBLE_EQ(axis.At(20), 50);
  EXPECT_DOUBLE_EQ(axis.At(40), 100);
  EXPECT_DOUBLE_EQ(axis.At(99), 100);
}

TEST(AxisTest, LogarithmicTicksAreDecades) {
  const Axis axis(0.02, 300, true, 100, 0);
  EXPECT_EQ(
      Labels(axis),
      std::vector<std::string>({"0.01", "0.1", "1", "10", "100", "1000"}));
  EXPECT_NEAR(axis.At(0.01), 100, 1e-9);
  EXPECT_NEAR(axis.At(1), 60, 1e-9);
  EXPECT_NEAR(axis.At(0), 100, 1e-9);
}

TEST(AxisTest, OneValueStillHasAnAxis) {
  EXPECT_GE(Axis(5, 5, false, 0, 1).ticks().size(), 2u);
  EXPECT_GE(Axis(5, 5, true, 0, 1).ticks().size(), 2u);
  EXPECT_GE(Axis(10, 10, true, 0, 1).ticks().size(), 2u);
}

TEST(AxisTest, ManyDecadesHaveFewTicks) {
  EXPECT_LE(Axis(1e-30, 1, true, 0, 1).ticks().size(), 10u);
}

TEST(SvgTest, TextIsEscaped) {
  Svg svg(10, 10);
  svg.Text({1, 2}, "a<b & \"c\"", {});
  EXPECT_TRUE(
      absl::StrContains(svg.Finish(), ">a&lt;b &amp; &quot;c&quot;</text>"));
}

TEST(ChartTest, HasTitleUnitsLegendAndDistinctLines) {
  const std::string sheet = SheetOf(
      "heading",
      {{.title = "title",
        .x_label = "time, s",
        .y_label = "jobs",
        .series = {{"one", {{0, 1}, {1, 2}}}, {"two", {{0, 2}, {1, 1}}}}}});
  for (const char* text :
       {"heading", "title", "time, s", "jobs", ">one<", ">two<"}) {
    EXPECT_TRUE(absl::StrContains(sheet, text)) << text;
  }
  EXPECT_TRUE(absl::StrContains(sheet, "stroke=\"#0072b2\""));
  EXPECT_TRUE(absl::StrContains(sheet, "stroke=\"#d55e00\""));
  EXPECT_TRUE(absl::StrContains(sheet, "stroke-dasharray"));
  EXPECT_FALSE(absl::StrContains(sheet, "nan"));
}

TEST(ChartTest, NothingToShowIsSaid) {
  const std::string sheet = SheetOf(
      "h",
      {{.title = "t", .x_label = "x", .y_label = "y", .series = {{"a", {}}}}});
  EXPECT_TRUE(absl::StrContains(sheet, "nothing was measured"));
}

}  // namespace
}  // namespace cluster::lab
