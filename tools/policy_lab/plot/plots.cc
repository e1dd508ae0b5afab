#include "tools/policy_lab/plot/plots.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/policy_lab/statistics/histogram.h"
#include "tools/policy_lab/statistics/load_series.h"

namespace cluster::lab {
namespace {

constexpr double kNsInMs = 1e6;
constexpr double kNsInS = 1e9;
// More points than this on a curve nobody sees.
constexpr size_t kMostPoints = 128;
// A tail ends where fewer requests than this are left: chance alone.
constexpr double kFewest = 10;
// The shortest of all say nothing and would stretch the axis.
constexpr double kMostShare = 0.995;
// Times below this are as good as none, and a logarithm needs some.
constexpr double kLeastMs = 1e-3;

// Keeps points that are about evenly far apart on a logarithmic plot.
std::vector<Point> Thinned(const std::vector<Point>& points) {
  if (points.size() < 2) return points;
  const auto place = [](const Point& point) {
    return Point{std::log(point.x), std::log(point.y)};
  };
  const Point first = place(points.front());
  const Point last = place(points.back());
  const double step_x =
      std::max(1e-9, (last.x - first.x) / static_cast<double>(kMostPoints));
  const double step_y =
      std::max(1e-9, (first.y - last.y) / static_cast<double>(kMostPoints));
  std::vector<Point> kept = {points.front()};
  for (const Point& point : points) {
    const Point here = place(point);
    const Point before = place(kept.back());
    if (here.x - before.x >= step_x || before.y - here.y >= step_y) {
      kept.push_back(point);
    }
  }
  return kept;
}

Series TailOf(const Summary& summary) {
  std::vector<Point> points;
  const double least = kFewest / static_cast<double>(std::max<uint64_t>(
                                     1, summary.response.count()));
  for (const Histogram::TailPoint& tail : summary.response.Tail()) {
    if (tail.share_above < least) break;
    if (tail.share_above > kMostShare) continue;
    points.push_back({std::max(kLeastMs, tail.ns / kNsInMs), tail.share_above});
  }
  return {summary.policy, Thinned(points)};
}

// A curve over time, neighbours averaged until there are few enough points.
Series OverTime(const std::string& name,
                const std::vector<LoadSeries::Point>& load,
                const std::function<double(const LoadSeries::Point&)>& value) {
  const size_t group = (load.size() + kMostPoints - 1) / kMostPoints;
  Series series = {name, {}};
  for (size_t i = 0; i + group <= load.size(); i += group) {
    double sum = 0;
    for (size_t j = i; j < i + group; ++j) sum += value(load[j]);
    series.points.push_back({load[i + group - 1].end_ns / kNsInS,
                             sum / static_cast<double>(group)});
    if (group == 0) break;
  }
  return series;
}

Chart LoadChart(const Summary& summary, bool by_worker) {
  Chart chart = {.title = summary.policy,
                 .x_label = "time, s",
                 .y_label = "requests at a worker",
                 .series = {}};
  if (summary.load.empty()) return chart;
  if (!by_worker) {
    chart.series = {
        OverTime("most", summary.load, [](const auto& p) { return p.most; }),
        OverTime("average", summary.load, [](const auto& p) { return p.mean; }),
        OverTime(
            "fewest", summary.load, [](const auto& p) { return p.fewest; })};
    return chart;
  }
  for (size_t i = 0; i < summary.load.front().workers.size(); ++i) {
    chart.series.push_back(
        OverTime(absl::StrCat("worker ", i), summary.load, [i](const auto& p) {
          return p.workers[i];
        }));
  }
  return chart;
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (file) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, " cannot be written"));
}

}  // namespace

Chart TailChart(const std::vector<Summary>& summaries) {
  Chart chart = {.title = "Response times: how many are longer",
                 .x_label = "response time, ms",
                 .y_label = "share of requests that take longer",
                 .x_logarithmic = true,
                 .y_logarithmic = true,
                 .y_low = 0.1,
                 .y_high = 1,
                 .series = {}};
  for (const Summary& summary : summaries) {
    chart.series.push_back(TailOf(summary));
  }
  return chart;
}

std::vector<Chart> LoadCharts(const std::vector<Summary>& summaries) {
  std::vector<Chart> charts;
  double most = 0;
  for (const Summary& summary : summaries) {
    // With one worker more than are kept, the lines would lie.
    const bool by_worker = summary.workers <= LoadSeries::kMaxWorkers;
    charts.push_back(LoadChart(summary, by_worker));
    for (const Series& series : charts.back().series) {
      for (const Point& point : series.points) most = std::max(most, point.y);
    }
  }
  // The same height everywhere, so that policies can be compared.
  for (Chart& chart : charts) chart.y_high = most;
  return charts;
}

Chart ImbalanceChart(const std::vector<Summary>& summaries) {
  Chart chart = {.title = "Imbalance: the worker with most, less the average",
                 .x_label = "time, s",
                 .y_label = "requests",
                 .y_high = 1,
                 .series = {}};
  for (const Summary& summary : summaries) {
    chart.series.push_back(OverTime(
        summary.policy, summary.load, [](const LoadSeries::Point& point) {
          return point.most - point.mean;
        }));
  }
  return chart;
}

absl::Status WritePlots(const std::vector<Summary>& summaries,
                        const std::string& heading,
                        const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(folder, " cannot be made: ", error.message()));
  }
  absl::Status status = WriteFile(folder + "/tails.svg",
                                  SheetOf(heading, {TailChart(summaries)}));
  status.Update(
      WriteFile(folder + "/load.svg", SheetOf(heading, LoadCharts(summaries))));
  status.Update(WriteFile(folder + "/imbalance.svg",
                          SheetOf(heading, {ImbalanceChart(summaries)})));
  return status;
}

}  // namespace cluster::lab
