/* A plugin that is odd in one way, chosen by a macro. */
#include <stdio.h>
#include <stdlib.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

#if defined(WITH_CONSTRUCTOR)
/* Leaves a file behind when the plugin's code runs at all. */
__attribute__((constructor)) static void leave_a_trace(void) {
  const char* path = getenv("PLUGIN_TRACE");
  FILE* file = path != NULL ? fopen(path, "w") : NULL;
  if (file != NULL) fclose(file);
}
#endif

#if defined(EXPORTS_MORE)
int more(void) { return 1; }
#endif

#if defined(IMPORTS_HOST)
extern cluster_status cluster_host_function(void);
#else
static cluster_status cluster_host_function(void) { return CLUSTER_OK; }
#endif

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)host;
  (void)error;
  *self = NULL;
  return cluster_host_function();
}

static void on_connection(void* self, const cluster_connection* connection) {
  (void)self;
  (void)connection;
}

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .on_connection = on_connection,
};

#if defined(WANTS_TEA)
CLUSTER_WORKER_PLUGIN("test", "1.0", table, "cluster.loop/1", "cluster.tea/1");
#elif defined(WANTS_DRAFT)
CLUSTER_WORKER_PLUGIN(
    "test", "1.0", table, "cluster.loop/1", "cluster.x-draft.tea/1");
#elif defined(WITHOUT_NOTE)
const cluster_plugin_entry_t cluster_plugin_entry = {
    .magic = CLUSTER_PLUGIN_MAGIC,
    .size = sizeof cluster_plugin_entry,
    .kind = CLUSTER_PLUGIN_KIND_WORKER,
    .abi_major = CLUSTER_ABI_MAJOR,
    .abi_minor = CLUSTER_ABI_MINOR,
    .abi_minor_min = CLUSTER_ABI_MINOR,
    .name = "test",
    .version = "1.0",
    .table = &table,
};
#else
CLUSTER_WORKER_PLUGIN("test", "1.0", table, CLUSTER_SERVICE_LOOP_V1);
#endif
