// ProbeProcess: one look at a plugin, in a process of its own. Whatever the
// plugin does to that process (a crash, an exit, a hang, children) stays there.
//
// Thread safety: any thread.
//
//   const ProbeOutcome outcome = RunProbe(request, std::chrono::seconds(10));
//   for (const auto& [finding, text] : outcome.findings) ...
#ifndef TOOLS_PLUGIN_CHECK_PROBE_PROCESS_H_
#define TOOLS_PLUGIN_CHECK_PROBE_PROCESS_H_

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/probe_request.h"

namespace cluster {

struct ProbeOutcome {
  // In the order of finding. The last may be how the probe died.
  std::vector<std::pair<Finding, std::string>> findings;
  std::set<std::string> functions;          // called, and able to fail
  std::set<std::string> optional_services;  // used, and not required
  std::string skipped;  // why the probe could not look; empty if it did
  bool died = false;    // it crashed, exited or hung
};

// Starts this program again as a probe and waits for its end, at most
// `timeout`, after which it is killed with all that it started.
//   others  the system's reason why no process could be started
absl::StatusOr<ProbeOutcome> RunProbe(const ProbeRequest& request,
                                      std::chrono::milliseconds timeout);

// The first word on a probe's command line.
inline constexpr char kProbeRole[] = "--as-probe";

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_PROCESS_H_
