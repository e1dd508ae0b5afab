#include "core/host/plugin_metrics.h"

#include <gtest/gtest.h>

#include "core/primary/telemetry/metric_family.h"
#include "plugins/host/plugin_file.h"

namespace cluster {
namespace {

TEST(PluginMetricsTest, SaysWhichBuildRunsAndWhetherItIsReduced) {
  PluginInfo plugin;
  plugin.version = "1.0 \"beta\\2\"";
  plugin.build_id = "0123abcd";
  EXPECT_EQ(ToText(PluginMetrics("greeter", plugin, true)),
            "# HELP cluster_plugin_info The plugin that all workers run.\n"
            "# TYPE cluster_plugin_info gauge\n"
            "cluster_plugin_info{plugin=\"greeter\","
            "version=\"1.0 \\\"beta\\\\2\\\"\",build_id=\"0123abcd\"} 1\n"
            "# HELP cluster_plugin_reduced Whether the plugin runs with less "
            "than it could use.\n"
            "# TYPE cluster_plugin_reduced gauge\n"
            "cluster_plugin_reduced 1\n");
}

TEST(PluginMetricsTest, WhatAFileDoesNotSayIsEmpty) {
  EXPECT_EQ(PluginMetrics("greeter", {}, false)[0].samples[0].labels,
            "plugin=\"greeter\",version=\"\",build_id=\"\"");
}

}  // namespace
}  // namespace cluster
