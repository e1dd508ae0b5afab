/* A plugin with one fault, chosen by a macro. */
#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

#if defined(UNDEFINED_SYMBOL)
extern int nobody_defines_this(void);
#else
static int nobody_defines_this(void) { return CLUSTER_OK; }
#endif

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)host;
  (void)error;
  *self = NULL;
  return nobody_defines_this();
}

static void on_connection(void* self, const cluster_connection* connection) {
  (void)self;
  (void)connection;
}

static const cluster_worker_plugin table = {
#if defined(SHORT_TABLE)
    /* As if the ABI had ended there when this was built. */
    .size = offsetof(cluster_worker_plugin, drain),
    .stop = (void (*)(void*))create,
#elif defined(NO_TABLE_SIZE)
    .size = 0,
#else
    .size = sizeof table,
#endif
#if !defined(NO_CREATE)
    .create = create,
#endif
#if !defined(NO_ON_CONNECTION)
    .on_connection = on_connection,
#endif
};

#if defined(ODD_SERVICES)
CLUSTER_WORKER_PLUGIN("test",
                      "1.0",
                      table,
                      CLUSTER_SERVICE_LOOP_V1,
                      "cluster.tea/1",
                      "cluster.coffee/2");
#else
CLUSTER_WORKER_PLUGIN_OPTIONAL("test",
                               "1.0",
                               table,
                               CLUSTER_OPTIONAL(CLUSTER_SERVICE_METRIC_V1,
                                                "cluster.milk/1"),
                               CLUSTER_SERVICE_LOOP_V1);
#endif
