// PluginMetrics: which plugin a host runs, as metrics.
//
// Thread safety: a pure function.
#ifndef CORE_HOST_PLUGIN_METRICS_H_
#define CORE_HOST_PLUGIN_METRICS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "core/primary/telemetry/metric_family.h"
#include "plugins/host/plugin_file.h"

namespace cluster {

// Returns cluster_plugin_info, which is 1 and has the facts as labels, and
// cluster_plugin_reduced: whether the plugin has to do without something.
std::vector<MetricFamily> PluginMetrics(absl::string_view name,
                                        const PluginInfo& plugin,
                                        bool reduced);

}  // namespace cluster

#endif  // CORE_HOST_PLUGIN_METRICS_H_
