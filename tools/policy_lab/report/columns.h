// Columns: the figures by name, for reports to programs. CSV and JSON have the
// same names.
#ifndef TOOLS_POLICY_LAB_REPORT_COLUMNS_H_
#define TOOLS_POLICY_LAB_REPORT_COLUMNS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/policy_lab/report/figures.h"

namespace cluster::lab {

struct Column {
  absl::string_view name;
  std::string value;     // a number, or text; empty: not known
  bool is_text = false;  // else a number
};

// Returns the columns of a row, always the same names in the same order.
std::vector<Column> ColumnsOf(const Figures& row);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_REPORT_COLUMNS_H_
