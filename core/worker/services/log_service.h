// cluster.log/1: the plugin's lines in the host's log.
//
// Thread safety: as tagged in plugins/abi/cluster_plugin.h.
#ifndef CORE_WORKER_SERVICES_LOG_SERVICE_H_
#define CORE_WORKER_SERVICES_LOG_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_log_v1 kLogService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_LOG_SERVICE_H_
