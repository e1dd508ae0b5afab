// ProbeMain: the part of plugin_check that runs a plugin. The tool starts
// itself again in this role, for each look at the plugin anew; reporter.h has
// what comes back.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_PROBE_MAIN_H_
#define TOOLS_PLUGIN_CHECK_PROBE_PROBE_MAIN_H_

#include "tools/plugin_check/probe/probe_request.h"

namespace cluster {

// Does what `request` says and returns the process's exit code, which says
// nothing. Takes over the process: its signals, its limits.
int ProbeMain(const ProbeRequest& request);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_PROBE_MAIN_H_
