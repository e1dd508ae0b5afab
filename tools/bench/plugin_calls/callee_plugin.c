/* callback_benchmark's callee behind the ABI, in C. */
#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

static uint64_t sum;

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)host;
  (void)error;
  *self = &sum;
  return CLUSTER_OK;
}

static void on_connection(void* self, const cluster_connection* connection) {
  *(uint64_t*)self += connection->id;
}

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .on_connection = on_connection,
};

CLUSTER_WORKER_PLUGIN("callee", "1.0", table, CLUSTER_SERVICE_CONNECTION_V1);
