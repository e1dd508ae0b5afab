// cluster.health/1 and cluster.thread_check/1: whether the worker wants
// connections, that it lives, and on which thread it is.
//
// Thread safety: as tagged in plugins/abi/cluster_telemetry.h.
#ifndef CORE_WORKER_SERVICES_HEALTH_SERVICE_H_
#define CORE_WORKER_SERVICES_HEALTH_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_health_v1 kHealthService;
extern const cluster_thread_check_v1 kThreadCheckService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_HEALTH_SERVICE_H_
