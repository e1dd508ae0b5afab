// cluster.acceptor/1: a plugin takes its connections itself, or none for a
// while.
//
// Thread safety: as tagged in plugins/abi/cluster_connection.h.
#ifndef CORE_WORKER_SERVICES_ACCEPTOR_SERVICE_H_
#define CORE_WORKER_SERVICES_ACCEPTOR_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_acceptor_v1 kAcceptorService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_ACCEPTOR_SERVICE_H_
