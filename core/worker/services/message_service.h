// cluster.message/1: messages between workers.
//
// Thread safety: as tagged in plugins/abi/cluster_plugin.h.
#ifndef CORE_WORKER_SERVICES_MESSAGE_SERVICE_H_
#define CORE_WORKER_SERVICES_MESSAGE_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_message_v1 kMessageService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_MESSAGE_SERVICE_H_
