#include "tools/policy_lab/plot/drawing_text.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cluster::lab {
namespace {

absl::Status ReadPair(absl::string_view text, double* first, double* second) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.size() != 2 || !absl::SimpleAtod(words[0], first) ||
      !absl::SimpleAtod(words[1], second) || !std::isfinite(*first) ||
      !std::isfinite(*second)) {
    return absl::InvalidArgumentError("wants two numbers");
  }
  return absl::OkStatus();
}

absl::Status AddPoint(absl::string_view text, Chart& chart) {
  if (chart.series.empty()) {
    return absl::InvalidArgumentError("a series must begin before");
  }
  Point point;
  if (absl::Status status = ReadPair(text, &point.x, &point.y); !status.ok()) {
    return status;
  }
  if ((chart.x_logarithmic && point.x <= 0) ||
      (chart.y_logarithmic && point.y <= 0)) {
    return absl::InvalidArgumentError("a logarithmic axis begins above 0");
  }
  chart.series.back().points.push_back(point);
  return absl::OkStatus();
}

// What belongs to a chart.
absl::Status ReadInto(Chart& chart,
                      absl::string_view word,
                      absl::string_view rest) {
  if (word == "x") {
    chart.x_label = std::string(rest);
  } else if (word == "y") {
    chart.y_label = std::string(rest);
  } else if (word == "series") {
    chart.series.push_back({std::string(rest), {}});
  } else if (word == "point") {
    return AddPoint(rest, chart);
  } else if (word == "range") {
    return ReadPair(rest, &chart.y_low, &chart.y_high);
  } else if (word == "log" && (rest == "x" || rest == "y" || rest == "xy")) {
    chart.x_logarithmic = rest != "y";
    chart.y_logarithmic = rest != "x";
  } else {
    return absl::InvalidArgumentError(absl::StrCat("unknown: ", word));
  }
  return absl::OkStatus();
}

absl::Status ReadLine(absl::string_view line, Drawing& drawing) {
  const std::pair<absl::string_view, absl::string_view> split =
      absl::StrSplit(line, absl::MaxSplits(' ', 1));
  if (split.first == "heading") {
    drawing.heading = std::string(split.second);
  } else if (split.first == "chart") {
    drawing.charts.emplace_back().title = std::string(split.second);
  } else if (drawing.charts.empty()) {
    return absl::InvalidArgumentError("a chart must begin before");
  } else {
    return ReadInto(drawing.charts.back(), split.first, split.second);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Drawing> ReadDrawing(absl::string_view text) {
  Drawing drawing;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    if (absl::Status status = ReadLine(line, drawing); !status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", status.message()));
    }
  }
  if (drawing.charts.empty()) {
    return absl::InvalidArgumentError("no chart is in it");
  }
  return drawing;
}

}  // namespace cluster::lab
