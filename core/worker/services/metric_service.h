// cluster.metric/1: numbers of the plugin, in cells that the primary reads.
//
// Thread safety: as tagged in plugins/abi/cluster_telemetry.h.
#ifndef CORE_WORKER_SERVICES_METRIC_SERVICE_H_
#define CORE_WORKER_SERVICES_METRIC_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_metric_v1 kMetricService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_METRIC_SERVICE_H_
