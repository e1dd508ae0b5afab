// Chart: lines over two axes, with a title, units and a legend; and a sheet of
// such charts below each other.
//
// Lines differ by colour and by dashes, so that a print without colours can be
// read, too.
//
// Thread safety: free functions, safe from any thread.
#ifndef TOOLS_POLICY_LAB_PLOT_CHART_H_
#define TOOLS_POLICY_LAB_PLOT_CHART_H_

#include <string>
#include <vector>

namespace cluster::lab {

struct Point {
  double x = 0;
  double y = 0;
};

struct Series {
  std::string name;
  std::vector<Point> points;
};

struct Chart {
  std::string title;
  std::string x_label;  // with the unit
  std::string y_label;
  bool x_logarithmic = false;  // values must be above 0
  bool y_logarithmic = false;
  double y_low = 0;  // where the axis begins and ends at least
  double y_high = 0;
  std::vector<Series> series;
};

// Returns an SVG file of charts below each other, under a heading. On all of
// them the n-th line looks the same.
std::string SheetOf(const std::string& heading,
                    const std::vector<Chart>& charts);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_PLOT_CHART_H_
