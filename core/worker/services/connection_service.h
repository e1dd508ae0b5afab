// cluster.connection/1: how a plugin ends a connection, and its local address.
//
// Thread safety: as tagged in plugins/abi/cluster_plugin.h.
#ifndef CORE_WORKER_SERVICES_CONNECTION_SERVICE_H_
#define CORE_WORKER_SERVICES_CONNECTION_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_connection_v1 kConnectionService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_CONNECTION_SERVICE_H_
