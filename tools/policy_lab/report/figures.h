// Figures: a summary as the numbers that all reports show.
#ifndef TOOLS_POLICY_LAB_REPORT_FIGURES_H_
#define TOOLS_POLICY_LAB_REPORT_FIGURES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "tools/policy_lab/experiment.h"
#include "tools/policy_lab/statistics/confidence.h"
#include "tools/policy_lab/summary.h"
#include "tools/policy_lab/theory_for.h"

namespace cluster::lab {

// A row: times in ms, shares from 0 to 1. Where one seed says nothing about the
// spread, half widths are infinite, but that of the mean, which is then from
// batches.
struct Figures {
  std::string policy;
  uint32_t seeds = 0;
  Interval mean_ms;
  Interval p50_ms;
  Interval p99_ms;
  Interval p999_ms;
  double max_ms = 0;
  Interval waited;
  Interval busy;
  Interval imbalance;
  uint64_t arrived = 0;
  uint64_t ended = 0;
  uint64_t lost = 0;
  uint64_t present = 0;
  absl::optional<Prediction> theory;
};

// Returns a row for each summary of the experiment.
std::vector<Figures> FiguresOf(const Experiment& experiment,
                               const std::vector<Summary>& summaries,
                               double confidence);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_REPORT_FIGURES_H_
