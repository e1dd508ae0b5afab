// cluster.config/1: what the primary sent this worker at its start.
//
// Thread safety: as tagged in plugins/abi/cluster_plugin.h.
#ifndef CORE_WORKER_SERVICES_CONFIG_SERVICE_H_
#define CORE_WORKER_SERVICES_CONFIG_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_config_v1 kConfigService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_CONFIG_SERVICE_H_
