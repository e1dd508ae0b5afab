// Plots: what summaries look like.
//
// Thread safety: free functions, safe from any thread.
#ifndef TOOLS_POLICY_LAB_PLOT_PLOTS_H_
#define TOOLS_POLICY_LAB_PLOT_PLOTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/policy_lab/plot/chart.h"
#include "tools/policy_lab/summary.h"

namespace cluster::lab {

// How many requests take longer than a time, by policy; all seeds.
Chart TailChart(const std::vector<Summary>& summaries);

// Requests at each worker over time, a chart for each policy, first seed. Of
// more workers than LoadSeries keeps: the most, the average, the fewest.
std::vector<Chart> LoadCharts(const std::vector<Summary>& summaries);

// How much more the worker with most requests has than the average one, over
// time, by policy; first seed.
Chart ImbalanceChart(const std::vector<Summary>& summaries);

// Writes tails.svg, load.svg and imbalance.svg to `folder`, which is made if it
// is not there. The heading says what was simulated.
//   kUnavailable  what cannot be made or written
absl::Status WritePlots(const std::vector<Summary>& summaries,
                        const std::string& heading,
                        const std::string& folder);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_PLOT_PLOTS_H_
