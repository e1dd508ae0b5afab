// InspectPlugin: all that a plugin's file says, without loading it, and whether
// this build's host takes it.
//
// Thread safety: free functions, safe from any thread.
//
//   absl::StatusOr<Inspection> seen = InspectPlugin("plugins/echo/echo.so");
//   if (!seen.ok()) return seen.status();  // it is no plugin
//   if (!seen->verdict.ok()) return seen->verdict;
#ifndef TOOLS_PLUGIN_CHECK_INSPECT_H_
#define TOOLS_PLUGIN_CHECK_INSPECT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugins/host/plugin_file.h"

namespace cluster {

struct Inspection {
  std::string path;
  PluginInfo info;

  // Names of dynamic symbols and libraries, sorted; they point into `file`. A
  // good plugin exports cluster_plugin_entry alone.
  std::vector<absl::string_view> exported;
  // Imports that nothing gives, as far as the file tells: of the host, which
  // lends its functions by tables, and of sanitizers that neither a library nor
  // this host has. What its libraries give is not looked at.
  std::vector<absl::string_view> unresolvable;
  std::vector<absl::string_view> needed;  // DT_NEEDED

  // OK: this host does not refuse the file. Else why, in one line:
  //   kFailedPrecondition  another ABI, kind or sanitizer; a service that this
  //                        host has not; an import that nothing gives
  absl::Status verdict;
  // What does not keep it from running, one line each.
  std::vector<std::string> warnings;

  std::vector<std::byte> file;
};

// Reads the file at `path`. `allow_draft`: for a host that is started so.
//   kInvalidArgument  not a plugin for this machine, or damaged
//   others            the system's reason
absl::StatusOr<Inspection> InspectPlugin(const std::string& path,
                                         bool allow_draft = false);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_INSPECT_H_
