#include "tools/policy_lab/plot/drawing_text.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace cluster::lab {
namespace {

TEST(DrawingTextTest, ReadsChartsAndTheirLines) {
  const Drawing drawing = *ReadDrawing(
      "heading Two charts\n"
      "chart First\nx ms of time\ny share\nlog y\nrange 0.01 1\n"
      "series a b\npoint 1 0.5\npoint 2.5 1e-3\nseries c\n"
      "chart Second\n");
  EXPECT_EQ(drawing.heading, "Two charts");
  ASSERT_EQ(drawing.charts.size(), 2u);
  const Chart& first = drawing.charts[0];
  EXPECT_EQ(first.title, "First");
  EXPECT_EQ(first.x_label, "ms of time");
  EXPECT_FALSE(first.x_logarithmic);
  EXPECT_TRUE(first.y_logarithmic);
  EXPECT_EQ(first.y_low, 0.01);
  ASSERT_EQ(first.series.size(), 2u);
  EXPECT_EQ(first.series[0].name, "a b");
  ASSERT_EQ(first.series[0].points.size(), 2u);
  EXPECT_EQ(first.series[0].points[1].x, 2.5);
  EXPECT_EQ(first.series[0].points[1].y, 1e-3);
  EXPECT_TRUE(first.series[1].points.empty());
}

TEST(DrawingTextTest, SaysWhichLineIsWrong) {
  const auto error = [](const char* text) {
    return std::string(ReadDrawing(text).status().message());
  };
  EXPECT_EQ(error(""), "no chart is in it");
  EXPECT_EQ(error("x ms"), "line 1: a chart must begin before");
  EXPECT_EQ(error("chart a\npoint 1 2"), "line 2: a series must begin before");
  EXPECT_EQ(error("chart a\nseries b\npoint 1"), "line 3: wants two numbers");
  EXPECT_EQ(error("chart a\nseries b\npoint 1 nan"),
            "line 3: wants two numbers");
  EXPECT_EQ(error("chart a\nlog x\nseries b\npoint 0 1"),
            "line 4: a logarithmic axis begins above 0");
  EXPECT_EQ(error("chart a\ncolour red"), "line 2: unknown: colour");
}

}  // namespace
}  // namespace cluster::lab
