#include "core/host/plugin_metrics.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace cluster {

std::vector<MetricFamily> PluginMetrics(absl::string_view name,
                                        const PluginInfo& plugin,
                                        bool reduced) {
  const std::string labels =
      absl::StrCat(MetricLabel("plugin", name),
                   ",",
                   MetricLabel("version", plugin.version),
                   ",",
                   MetricLabel("build_id", plugin.build_id));
  return {{.name = "cluster_plugin_info",
           .help = "The plugin that all workers run.",
           .kind = MetricKind::kGauge,
           .samples = {{labels, uint64_t{1}}}},
          {.name = "cluster_plugin_reduced",
           .help = "Whether the plugin runs with less than it could use.",
           .kind = MetricKind::kGauge,
           .samples = {{"", uint64_t{reduced}}}}};
}

}  // namespace cluster
