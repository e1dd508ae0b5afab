// ReadDrawing: charts from lines of text, for programs in other languages.
//
//   heading TEXT        of the sheet
//   chart TITLE         begins a chart
//   x TEXT              its labels, with the unit
//   y TEXT
//   log x|y|xy          which axes are logarithmic
//   range LOW HIGH      what the vertical axis shows at least
//   series NAME         begins a line
//   point X Y
//
// Thread safety: a free function, safe from any thread.
#ifndef TOOLS_POLICY_LAB_PLOT_DRAWING_TEXT_H_
#define TOOLS_POLICY_LAB_PLOT_DRAWING_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/policy_lab/plot/chart.h"

namespace cluster::lab {

struct Drawing {
  std::string heading;
  std::vector<Chart> charts;
};

//   kInvalidArgument  what is wrong, with the number of the line
absl::StatusOr<Drawing> ReadDrawing(absl::string_view text);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_PLOT_DRAWING_TEXT_H_
