#include "tools/policy_lab/report/report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "core/log/json_string.h"
#include "tools/policy_lab/report/columns.h"
#include "tools/policy_lab/scenario.h"

namespace cluster::lab {
namespace {

// "1,000,000".
std::string Grouped(uint64_t number) {
  std::string text = absl::StrCat(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string TrafficText(const Options& options) {
  const Scenario& scenario = options.experiment.scenario;
  const std::string service = absl::StrCat(
      options.service,
      " service of ",
      absl::FormatDuration(
          absl::Nanoseconds(std::llround(scenario.requests.mean_work_ns))));
  const std::string load =
      absl::StrFormat("load %.4g %%, %s", 100 * scenario.load, service);
  switch (scenario.traffic) {
    case Traffic::kPoisson:
      return "poisson, " + load;
    case Traffic::kMmpp:
      return "mmpp, " + load;
    case Traffic::kClosed:
      return absl::StrCat(scenario.clients, " clients, ", service);
    case Traffic::kReplay:
      break;
  }
  return "replay of " + scenario.replay;
}

// Three digits that count, or whole numbers.
std::string Short(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  const int decimals = size >= 100 ? 1 : size >= 10 ? 2 : 3;
  return absl::StrFormat("%.*f", decimals, value);
}

std::string WithHalfWidth(const Interval& interval) {
  if (!std::isfinite(interval.half_width)) return Short(interval.mean);
  return absl::StrCat(Short(interval.mean), " ±", Short(interval.half_width));
}

std::string TheoryText(const Figures& row) {
  if (!row.theory) return "";
  return absl::StrCat(
      row.theory->model,
      ": ",
      Short(row.theory->mean_ns / 1e6),
      row.theory->p99_ns
          ? absl::StrCat(", p99 ", Short(*row.theory->p99_ns / 1e6))
          : "");
}

// How wide text is on a terminal: each byte that begins a character counts.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      }));
}

using Row = std::vector<std::string>;

// The first and the last column begin at the left, numbers end at the right.
std::string Align(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Width(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - Width(row[i]), ' ');
      const bool left = i == 0 || i + 1 == row.size();
      absl::StrAppend(&line,
                      i == 0 ? "" : "  ",
                      left ? "" : space,
                      row[i],
                      left ? space : "");
    }
    line.resize(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string LossText(const Figures& row) {
  if (row.lost == 0 && row.present == 0) return "";
  return absl::StrCat(row.policy,
                      ": of ",
                      Grouped(row.arrived),
                      " connections ",
                      Grouped(row.lost),
                      " lost, ",
                      Grouped(row.present),
                      " never served\n");
}

}  // namespace

std::string DescribeScenario(const Options& options) {
  const Scenario& scenario = options.experiment.scenario;
  const SimulationConfig& simulation = scenario.simulation;
  return absl::StrCat(simulation.board.workers,
                      simulation.processor_sharing ? " ps" : " fcfs",
                      " workers, ",
                      TrafficText(options),
                      "; ",
                      Grouped(simulation.arrivals),
                      " arrivals, seeds: ",
                      options.experiment.seeds,
                      options.twists.empty() ? "" : "; ",
                      options.twists);
}

std::string TableOf(const Options& options, const std::vector<Figures>& rows) {
  std::vector<Row> table = {{"policy",
                             "mean ms",
                             "p50",
                             "p99",
                             "p99.9",
                             "max",
                             "waited",
                             "busy",
                             "imbalance",
                             "theory"}};
  std::string losses;
  for (const Figures& row : rows) {
    table.push_back({row.policy,
                     WithHalfWidth(row.mean_ms),
                     Short(row.p50_ms.mean),
                     WithHalfWidth(row.p99_ms),
                     Short(row.p999_ms.mean),
                     Short(row.max_ms),
                     absl::StrFormat("%.1f %%", 100 * row.waited.mean),
                     absl::StrFormat("%.1f %%", 100 * row.busy.mean),
                     Short(row.imbalance.mean),
                     TheoryText(row)});
    losses += LossText(row);
  }
  return absl::StrCat(
      DescribeScenario(options),
      absl::StrFormat("; ± at %.4g %%\n\n", 100 * options.confidence),
      Align(table),
      losses);
}

std::string CsvOf(const std::vector<Figures>& rows) {
  std::string names;
  std::string lines;
  for (const Figures& row : rows) {
    names.clear();
    for (const Column& column : ColumnsOf(row)) {
      absl::StrAppend(&names, names.empty() ? "" : ",", column.name);
      if (column.name != "policy") lines += ',';
      absl::StrAppend(&lines,
                      column.is_text
                          ? absl::StrCat("\"",
                                         absl::StrReplaceAll(column.value,
                                                             {{"\"", "\"\""}}),
                                         "\"")
                          : column.value);
    }
    lines += "\r\n";
  }
  return absl::StrCat(names, "\r\n", lines);
}

std::string JsonOf(const Options& options, const std::vector<Figures>& rows) {
  std::string json = "{\"scenario\":";
  AppendJsonString(DescribeScenario(options), &json);
  absl::StrAppend(
      &json, ",\"confidence\":", options.confidence, ",\"policies\":[");
  for (const Figures& row : rows) {
    absl::StrAppend(&json, json.back() == '[' ? "" : ",", "{");
    for (const Column& column : ColumnsOf(row)) {
      absl::StrAppend(
          &json, json.back() == '{' ? "\"" : ",\"", column.name, "\":");
      if (column.value.empty()) {
        json += "null";
      } else if (column.is_text) {
        AppendJsonString(column.value, &json);
      } else {
        json += column.value;
      }
    }
    json += '}';
  }
  return json + "]}\n";
}

}  // namespace cluster::lab
