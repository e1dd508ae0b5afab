// The benchmark's plugin: the raw servers' connection handler, literally the
// same code, on the worker's loop.
#include <stdlib.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "tools/bench/servers/canned.h"

struct plugin {
  const cluster_host* host;
  const cluster_loop_v1* loop;
  const cluster_connection_v1* connections;
  struct canned_server server;
  struct open_connection* spare;  // freed ones, for the next
};

struct open_connection {
  struct canned_connection canned;
  struct plugin* plugin;
  cluster_watch* watch;
  uint64_t id;
  struct open_connection* next_spare;
};

static void on_ready(void* ctx, uint32_t events) {
  struct open_connection* c = ctx;
  (void)events;
  canned_ready(&c->plugin->server, &c->canned);
}

static int watch(void* ctx,
                 struct canned_connection* canned,
                 enum canned_want want) {
  struct plugin* plugin = ctx;
  struct open_connection* c = (struct open_connection*)canned;
  const uint32_t events =
      want == CANNED_WRITE ? CLUSTER_WRITABLE : CLUSTER_READABLE;
  if (c->watch != NULL) {
    return plugin->loop->modify(plugin->host, c->watch, events);
  }
  return plugin->loop->watch(
      plugin->host, canned->fd, events, on_ready, c, &c->watch);
}

static void end(void* ctx, struct canned_connection* canned) {
  struct plugin* plugin = ctx;
  struct open_connection* c = (struct open_connection*)canned;
  if (c->watch != NULL) plugin->loop->unwatch(plugin->host, c->watch);
  plugin->connections->close(plugin->host, canned->fd, c->id);
  c->next_spare = plugin->spare;
  plugin->spare = c;
}

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)error;
  struct plugin* plugin = calloc(1, sizeof *plugin);
  if (plugin == NULL) return CLUSTER_E_FULL;
  plugin->host = host;
  plugin->loop = host->get_service(host, CLUSTER_SERVICE_LOOP_V1);
  plugin->connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  const cluster_config_v1* config =
      host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  canned_server_init(&plugin->server,
                     (int)config->worker_id(host),
                     /*always_close=*/false,
                     plugin,
                     watch,
                     end);
  *self = plugin;
  return CLUSTER_OK;
}

static void on_connection(void* self, const cluster_connection* connection) {
  struct plugin* plugin = self;
  struct open_connection* c = plugin->spare;
  if (c != NULL) {
    plugin->spare = c->next_spare;
  } else if ((c = malloc(sizeof *c)) == NULL) {
    plugin->connections->close(plugin->host, connection->fd, connection->id);
    return;
  }
  c->plugin = plugin;
  c->watch = NULL;
  c->id = connection->id;
  canned_open(&plugin->server, &c->canned, connection->fd);
}

static const cluster_worker_plugin kTable = {
    .size = sizeof(cluster_worker_plugin),
    .create = create,
    .on_connection = on_connection,
};

CLUSTER_WORKER_PLUGIN("canned",
                      "1.0",
                      kTable,
                      CLUSTER_SERVICE_LOOP_V1,
                      CLUSTER_SERVICE_CONNECTION_V1,
                      CLUSTER_SERVICE_CONFIG_V1);
