#include "tools/policy_lab/report/columns.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cluster::lab {
namespace {

std::string NumberText(double value) {
  return std::isfinite(value) ? absl::StrFormat("%.9g", value) : "";
}

}  // namespace

std::vector<Column> ColumnsOf(const Figures& row) {
  std::vector<Column> columns = {{"policy", row.policy, true},
                                 {"seeds", absl::StrCat(row.seeds)}};
  const auto add = [&](absl::string_view name,
                       absl::string_view half_width_name,
                       const Interval& interval) {
    columns.push_back({name, NumberText(interval.mean)});
    columns.push_back({half_width_name, NumberText(interval.half_width)});
  };
  add("mean_ms", "mean_half_width_ms", row.mean_ms);
  add("p50_ms", "p50_half_width_ms", row.p50_ms);
  add("p99_ms", "p99_half_width_ms", row.p99_ms);
  add("p999_ms", "p999_half_width_ms", row.p999_ms);
  columns.push_back({"max_ms", NumberText(row.max_ms)});
  add("waited", "waited_half_width", row.waited);
  add("busy", "busy_half_width", row.busy);
  add("imbalance", "imbalance_half_width", row.imbalance);
  columns.push_back({"arrived", absl::StrCat(row.arrived)});
  columns.push_back({"ended", absl::StrCat(row.ended)});
  columns.push_back({"lost", absl::StrCat(row.lost)});
  columns.push_back({"present", absl::StrCat(row.present)});
  const bool known = row.theory.has_value();
  columns.push_back({"theory", known ? row.theory->model : "", true});
  columns.push_back(
      {"theory_mean_ms", known ? NumberText(row.theory->mean_ns / 1e6) : ""});
  columns.push_back({"theory_p99_ms",
                     known && row.theory->p99_ns
                         ? NumberText(*row.theory->p99_ns / 1e6)
                         : ""});
  return columns;
}

}  // namespace cluster::lab
