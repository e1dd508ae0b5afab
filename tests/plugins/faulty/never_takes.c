/* A plugin that takes its listener over, and then never takes a connection. */
#include <stdio.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

static const cluster_host* the_host;

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)error;
  the_host = host;
  *self = &the_host;
  return CLUSTER_OK;
}

static cluster_status start(void* self, cluster_error* error) {
  const cluster_acceptor_v1* acceptor =
      the_host->get_service(the_host, CLUSTER_SERVICE_ACCEPTOR_V1);
  int32_t pollable;
  (void)self;
  error->code = acceptor->take_over(the_host, 0, &pollable);
  snprintf(error->message, sizeof error->message, "cannot take over");
  return error->code;
}

static void on_connection(void* self, const cluster_connection* connection) {
  (void)self;
  (void)connection;
}

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .start = start,
    .on_connection = on_connection,
};

CLUSTER_WORKER_PLUGIN("never_takes", "1.0", table, CLUSTER_SERVICE_ACCEPTOR_V1);
