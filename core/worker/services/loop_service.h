// cluster.loop/1 and cluster.embedding/1: the worker's loop, and how a plugin's
// own loop runs it.
//
// Thread safety: as tagged in plugins/abi/cluster_plugin.h.
#ifndef CORE_WORKER_SERVICES_LOOP_SERVICE_H_
#define CORE_WORKER_SERVICES_LOOP_SERVICE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_loop_v1 kLoopService;
extern const cluster_embedding_v1 kEmbeddingService;

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_LOOP_SERVICE_H_
