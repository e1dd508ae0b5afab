/* vital: a plugin that tells of itself what its clients say. A byte is a
 * command, answered by the worker's id and a newline unless it says otherwise:
 *
 * - w: nothing but the answer
 * - c: counts in vital_pokes_total, and in the histogram vital_sizes the value
 * 3
 * - q: one more request runs on the connection, and 10 bytes came
 * - n: is not ready: "asked to"
 * - r: is ready
 * - b: sends a heartbeat
 * - z: stands still from then on; no answer
 *
 * Setting start=not_ready: it is not, until 100 ms later.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

enum { MAX_PEERS = 1024 };

static struct {
  const cluster_host* host;
  const cluster_loop_v1* loop;
  const cluster_connection_v1* connections;
  const cluster_config_v1* config;
  const cluster_metric_v1* metrics;
  const cluster_health_v1* health;
  cluster_metric* pokes;
  cluster_metric* sizes;
  cluster_metric* one;
  cluster_timer* timer;
} vital;

static struct peer {
  cluster_watch* watch; /* NULL: the place is free */
  uint64_t id;
  int fd;
} peers[MAX_PEERS];

static void drop(struct peer* peer) {
  vital.loop->unwatch(vital.host, peer->watch);
  vital.connections->close(vital.host, peer->fd, peer->id);
  peer->watch = NULL;
}

static void obey(const struct peer* peer, char command) {
  static const cluster_string asked = {"asked to", 8};
  switch (command) {
    case 'c':
      vital.metrics->add(vital.pokes, 1);
      vital.metrics->observe(vital.sizes, 3);
      break;
    case 'q':
      vital.connections->requests(vital.host, peer->id, 1);
      vital.connections->bytes(vital.host, peer->id, 10, 0);
      break;
    case 'n':
      vital.health->not_ready(vital.host, asked);
      break;
    case 'r':
      vital.health->ready(vital.host);
      break;
    case 'b':
      vital.health->heartbeat(vital.host);
      break;
    case 'z':
      for (;;) poll(NULL, 0, -1);
    default:
      break;
  }
}

/* As much as there is: a peer that floods is done with in a moment. */
static void on_ready(void* ctx, uint32_t events) {
  struct peer* peer = ctx;
  char commands[4096];
  char text[32];
  const ssize_t count = recv(peer->fd, commands, sizeof commands, MSG_DONTWAIT);
  (void)events;
  if (count <= 0) {
    drop(peer);
    return;
  }
  const int size =
      snprintf(text, sizeof text, "%u\n", vital.config->worker_id(vital.host));
  for (ssize_t i = 0; i < count; ++i) {
    obey(peer, commands[i]);
    (void)!send(peer->fd, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

static void on_connection(void* self, const cluster_connection* connection) {
  (void)self;
  for (struct peer* peer = peers; peer != peers + MAX_PEERS; ++peer) {
    if (peer->watch != NULL) continue;
    peer->fd = connection->fd;
    peer->id = connection->id;
    if (vital.loop->watch(vital.host,
                          peer->fd,
                          CLUSTER_READABLE,
                          on_ready,
                          peer,
                          &peer->watch) == CLUSTER_OK) {
      return;
    }
    break;
  }
  vital.connections->close(vital.host, connection->fd, connection->id);
}

static void on_timer(void* ctx) {
  (void)ctx;
  vital.timer = NULL;
  vital.health->ready(vital.host);
}

static void explain(cluster_error* error,
                    cluster_status status,
                    const char* message) {
  error->code = status;
  snprintf(error->message, sizeof error->message, "%s", message);
}

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  static const double bounds[] = {1, 10};
  vital.host = host;
  vital.loop = host->get_service(host, CLUSTER_SERVICE_LOOP_V1);
  vital.connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  vital.config = host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  vital.metrics = host->get_service(host, CLUSTER_SERVICE_METRIC_V1);
  vital.health = host->get_service(host, CLUSTER_SERVICE_HEALTH_V1);
  *self = &vital;
  cluster_status status = vital.metrics->counter(
      host, "vital_pokes_total", "Commands.", &vital.pokes);
  if (status == CLUSTER_OK) {
    status = vital.metrics->histogram(
        host, "vital_sizes", "Threes.", bounds, 2, &vital.sizes);
  }
  if (status == CLUSTER_OK) {
    status = vital.metrics->gauge(host, "vital_ones", "Workers.", &vital.one);
  }
  if (status != CLUSTER_OK) explain(error, status, "cannot make its metrics");
  return status;
}

static cluster_status start(void* self, cluster_error* error) {
  static const cluster_string cold = {"the cache is cold", 17};
  const cluster_string how = vital.config->get(vital.host, "start");
  cluster_status status;
  (void)self;
  vital.metrics->set(vital.one, 1);
  if (how.data == NULL || memcmp(how.data, "not_ready", 9) != 0) {
    return CLUSTER_OK;
  }
  vital.health->not_ready(vital.host, cold);
  status =
      vital.loop->start_timer(vital.host, 100000, on_timer, NULL, &vital.timer);
  if (status != CLUSTER_OK) explain(error, status, "cannot start its timer");
  return status;
}

static void drop_all(void) {
  for (struct peer* peer = peers; peer != peers + MAX_PEERS; ++peer) {
    if (peer->watch != NULL) drop(peer);
  }
}

static void drain(void* self, uint64_t deadline_ms, uint64_t open) {
  (void)self;
  (void)deadline_ms;
  (void)open;
  drop_all();
}

static void stop(void* self) {
  (void)self;
  drop_all();
  if (vital.timer != NULL) vital.loop->cancel_timer(vital.host, vital.timer);
}

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .start = start,
    .on_connection = on_connection,
    .drain = drain,
    .stop = stop,
};

CLUSTER_WORKER_PLUGIN("vital",
                      "1.0",
                      table,
                      CLUSTER_SERVICE_LOOP_V1,
                      CLUSTER_SERVICE_CONNECTION_V1,
                      CLUSTER_SERVICE_CONFIG_V1,
                      CLUSTER_SERVICE_METRIC_V1,
                      CLUSTER_SERVICE_HEALTH_V1);
