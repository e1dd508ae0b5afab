#include "tools/policy_lab/plot/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/string_view.h"
#include "tools/policy_lab/plot/axis.h"
#include "tools/policy_lab/plot/svg.h"

namespace cluster::lab {
namespace {

constexpr double kWidth = 860;
constexpr double kHeading = 34;
constexpr double kChartHeight = 330;
constexpr double kLeft = 78;
constexpr double kRight = 200;  // of the plot, for the legend
constexpr double kTop = 28;
constexpr double kBottom = 50;
constexpr double kLegendStep = 18;

// M. Okabe and K. Ito's colours, which colour-blind people can tell apart; then
// again with other dashes.
constexpr absl::string_view kColours[] = {"#0072b2",
                                          "#d55e00",
                                          "#009e73",
                                          "#cc79a7",
                                          "#000000",
                                          "#e69f00",
                                          "#56b4e9",
                                          "#8c6d00"};
constexpr absl::string_view kDashes[] = {
    "", "7 3", "2 2", "9 3 2 3", "12 3", "4 2", "1 3", "9 2 2 2 2 2"};

Stroke StrokeOf(size_t series) {
  const size_t colours = std::size(kColours);
  return {.colour = kColours[series % colours],
          .width = 1.8,
          .dashes = kDashes[(series + series / colours) % std::size(kDashes)]};
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void Include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

void DrawGrid(const Axis& x, const Axis& y, Svg* svg) {
  const Stroke grid = {.colour = "#dddddd"};
  const double top = y.At(y.high());
  const double bottom = y.At(y.low());
  for (const Axis::Tick& tick : x.ticks()) {
    const double at = x.At(tick.value);
    svg->Line({at, top}, {at, bottom}, grid);
    svg->Text({at, bottom + 16}, tick.label, {.anchor = "middle"});
  }
  for (const Axis::Tick& tick : y.ticks()) {
    const double at = y.At(tick.value);
    svg->Line({x.At(x.low()), at}, {x.At(x.high()), at}, grid);
    svg->Text({x.At(x.low()) - 6, at + 4}, tick.label, {.anchor = "end"});
  }
  const Stroke edge = {.colour = "#444444"};
  svg->Line({x.At(x.low()), top}, {x.At(x.low()), bottom}, edge);
  svg->Line({x.At(x.low()), bottom}, {x.At(x.high()), bottom}, edge);
}

void DrawLegend(const Chart& chart, double top, Svg* svg) {
  const double left = kWidth - kRight + 16;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const double y = top + 10 + kLegendStep * static_cast<double>(i);
    svg->Line({left, y}, {left + 30, y}, StrokeOf(i));
    svg->Text({left + 36, y + 4}, chart.series[i].name, {});
  }
}

void DrawChart(const Chart& chart, double top, Svg* svg) {
  Range xs;
  Range ys;
  if (chart.y_high > chart.y_low) {
    ys.Include(chart.y_low);
    ys.Include(chart.y_high);
  }
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      xs.Include(point.x);
      ys.Include(point.y);
    }
  }
  svg->Text({kLeft, top + 16}, chart.title, {.size = 14, .bold = true});
  if (xs.low > xs.high) {
    svg->Text({kLeft, top + 60}, "nothing was measured", {});
    return;
  }
  const double bottom = top + kChartHeight - kBottom;
  const Axis x(xs.low, xs.high, chart.x_logarithmic, kLeft, kWidth - kRight);
  const Axis y(ys.low, ys.high, chart.y_logarithmic, bottom, top + kTop);
  DrawGrid(x, y, svg);
  for (size_t i = 0; i < chart.series.size(); ++i) {
    std::vector<Pixel> line;
    for (const Point& point : chart.series[i].points) {
      line.push_back({x.At(point.x), y.At(point.y)});
    }
    svg->Polyline(line, StrokeOf(i));
  }
  svg->Text({(kLeft + kWidth - kRight) / 2, bottom + 36},
            chart.x_label,
            {.size = 13, .anchor = "middle"});
  svg->Text({18, (top + kTop + bottom) / 2},
            chart.y_label,
            {.size = 13, .anchor = "middle", .turned = -90});
  DrawLegend(chart, top + kTop, svg);
}

}  // namespace

std::string SheetOf(const std::string& heading,
                    const std::vector<Chart>& charts) {
  Svg svg(kWidth, kHeading + kChartHeight * static_cast<double>(charts.size()));
  svg.Text({12, 22}, heading, {.size = 12});
  for (size_t i = 0; i < charts.size(); ++i) {
    DrawChart(
        charts[i], kHeading + kChartHeight * static_cast<double>(i), &svg);
  }
  return svg.Finish();
}

}  // namespace cluster::lab
