// cluster.config/1 as a probe offers it: the settings and arguments that
// plugin_check was given.
//
// Thread safety: SetConfig before any plugin code runs; the rest from any
// thread.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_CONFIG_TABLE_H_
#define TOOLS_PLUGIN_CHECK_PROBE_CONFIG_TABLE_H_

#include <string>
#include <utility>
#include <vector>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

using PluginSettings = std::vector<std::pair<std::string, std::string>>;

extern const cluster_config_v1 kProbeConfig;

void SetConfig(PluginSettings settings, std::vector<std::string> arguments);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_CONFIG_TABLE_H_
