// The results as a table for people, and as CSV and JSON for programs.
//
// Thread safety: free functions, safe from any thread.
#ifndef TOOLS_POLICY_LAB_REPORT_REPORT_H_
#define TOOLS_POLICY_LAB_REPORT_REPORT_H_

#include <string>
#include <vector>

#include "tools/policy_lab/options.h"
#include "tools/policy_lab/report/figures.h"

namespace cluster::lab {

// Returns what was simulated, in one line without its end.
std::string DescribeScenario(const Options& options);

// Returns a table with a heading, by lines. Half widths are those of
// options.confidence.
std::string TableOf(const Options& options, const std::vector<Figures>& rows);

// Returns RFC 4180 text: a line of names, a line for each row; what is not
// known is empty.
std::string CsvOf(const std::vector<Figures>& rows);

// Returns one object on one line; what is not known is null.
std::string JsonOf(const Options& options, const std::vector<Figures>& rows);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_REPORT_REPORT_H_
