/* @NAME@: says what --set greeting=TEXT is, and closes. */
#include <sys/socket.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

/* One static object will do: a process has one worker. */
static struct {
  const cluster_host* host;
  const cluster_connection_v1* connections;
  cluster_string text;
} worker;

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  static const char kDefault[] = "hello\n";
  const cluster_config_v1* config =
      host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  (void)error;
  worker.host = host;
  worker.connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  worker.text = config->get(host, "greeting");
  if (worker.text.data == NULL) {
    worker.text.data = kDefault;
    worker.text.size = sizeof kDefault - 1;
  }
  *self = &worker;
  return CLUSTER_OK;
}

static void on_connection(void* self, const cluster_connection* connection) {
  (void)self;
  send(connection->fd, worker.text.data, worker.text.size, MSG_NOSIGNAL);
  worker.connections->close(worker.host, connection->fd, connection->id);
}

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .on_connection = on_connection,
};

CLUSTER_WORKER_PLUGIN("@NAME@",
                      "0.1",
                      table,
                      CLUSTER_SERVICE_CONFIG_V1,
                      CLUSTER_SERVICE_CONNECTION_V1);
