// cluster.listener/1 and cluster.datagram/1: which listeners there are, more of
// them and fewer, and the sockets of datagrams.
//
// Thread safety: as tagged in plugins/abi/cluster_listener.h.
#ifndef CORE_WORKER_SERVICES_LISTENER_SERVICE_H_
#define CORE_WORKER_SERVICES_LISTENER_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_listener_v1 kListenerService;
extern const cluster_datagram_v1 kDatagramService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_LISTENER_SERVICE_H_
