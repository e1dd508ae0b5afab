// What InspectPlugin found, as text: a table for people, JSON for programs.
//
// Thread safety: free functions, safe from any thread.
//
//   std::fputs(FormatTable(inspection).c_str(), stdout);
#ifndef TOOLS_PLUGIN_CHECK_REPORT_H_
#define TOOLS_PLUGIN_CHECK_REPORT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/plugin_check/inspect.h"

namespace cluster {

// Returns the table: a line each, the field and what it is. Of long lists the
// beginning.
std::string FormatTable(const Inspection& seen);

// Returns one line with a JSON object: every field, "compatible" (a boolean)
// and, unless that is true, "reason".
std::string FormatJson(const Inspection& seen);

// Returns the same for a file that is no plugin: "path", "compatible",
// "reason".
std::string FormatJson(absl::string_view path, const absl::Status& why);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_REPORT_H_
