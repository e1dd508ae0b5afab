// cluster.log/1, cluster.metric/1, cluster.health/1 and
// cluster.thread_check/1 as a probe offers them: what is told is checked and
// forgotten.
//
// Thread safety: any thread.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_TELEMETRY_TABLES_H_
#define TOOLS_PLUGIN_CHECK_PROBE_TELEMETRY_TABLES_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_log_v1 kProbeLog;
extern const cluster_metric_v1 kProbeMetric;
extern const cluster_health_v1 kProbeHealth;
extern const cluster_thread_check_v1 kProbeThreadCheck;

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_TELEMETRY_TABLES_H_
