// The shoot-out's plugin: a worker that takes all connections at once and
// serves them one after the other, each for as many milliseconds as its request
// says ("GET /20"), without using the CPU for it.
//
// `timed` (the default): a connection ends at max(its arrival, the end of the
// one before) + its time, and a timer tells when that is. That the timer is
// late delays an answer and not the next one, so that workers on other loops
// with coarser timers have the same capacity. `blocking`: the loop stands still
// meanwhile.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

enum { REQUEST_BYTES = 512, ANSWER_BYTES = 128 };

static const int64_t kMsNs = 1000 * 1000;

struct plugin;

struct client {
  struct plugin* plugin;
  struct client* next;  // in the queue, or among those who have not asked
  struct client* prev;  // among those
  cluster_watch* watch;
  uint64_t id;
  int fd;
  int64_t end_ns;  // of its service
  size_t size;
  char request[REQUEST_BYTES];
};

struct plugin {
  const cluster_host* host;
  const cluster_loop_v1* loop;
  const cluster_connection_v1* connections;
  bool blocking;
  char answer[ANSWER_BYTES];
  size_t answer_size;
  int64_t free_ns;  // when all that is queued is served
  struct client* first;
  struct client* last;
  struct client* silent;  // who have not asked yet
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 * kMsNs + now.tv_nsec;
}

static void end(struct client* client) {
  struct plugin* plugin = client->plugin;
  plugin->connections->close(plugin->host, client->fd, client->id);
  free(client);
}

static void answer(struct client* client) {
  const struct plugin* plugin = client->plugin;
  // The only thing that is ever sent there: it fits, or the peer is gone.
  (void)send(client->fd, plugin->answer, plugin->answer_size, MSG_NOSIGNAL);
  end(client);
}

static void on_time(void* ctx);

static void start_timer(struct plugin* plugin, int64_t now) {
  const int64_t left = plugin->first->end_ns - now;
  const uint64_t us = left > 0 ? (uint64_t)(left + 999) / 1000 : 0;
  cluster_timer* timer;
  if (plugin->loop->start_timer(plugin->host, us, on_time, plugin, &timer) !=
      CLUSTER_OK) {
    abort();  // a worker that serves nobody would pass for a slow one
  }
}

static void on_time(void* ctx) {
  struct plugin* plugin = ctx;
  const int64_t now = now_ns();
  while (plugin->first != NULL && plugin->first->end_ns <= now) {
    struct client* client = plugin->first;
    plugin->first = client->next;
    answer(client);
  }
  if (plugin->first != NULL) start_timer(plugin, now);
}

static void await_request(struct client* client) {
  struct plugin* plugin = client->plugin;
  client->prev = NULL;
  client->next = plugin->silent;
  if (client->next != NULL) client->next->prev = client;
  plugin->silent = client;
}

static void await_no_more(struct client* client) {
  struct plugin* plugin = client->plugin;
  if (client->watch == NULL) return;
  plugin->loop->unwatch(plugin->host, client->watch);
  client->watch = NULL;
  if (client->next != NULL) client->next->prev = client->prev;
  if (client->prev != NULL) {
    client->prev->next = client->next;
  } else {
    plugin->silent = client->next;
  }
}

static void serve(struct client* client) {
  struct plugin* plugin = client->plugin;
  client->request[client->size] = '\0';
  unsigned ms = 0;
  (void)sscanf(client->request, "GET /%u", &ms);
  if (ms > 60000) ms = 60000;
  if (plugin->blocking || ms == 0) {
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = ms % 1000 * kMsNs};
    if (ms > 0) nanosleep(&time, NULL);
    answer(client);
    return;
  }
  const int64_t now = now_ns();
  if (plugin->free_ns < now) plugin->free_ns = now;
  plugin->free_ns += ms * kMsNs;
  client->end_ns = plugin->free_ns;
  client->next = NULL;
  if (plugin->first == NULL) {
    plugin->first = client;
    start_timer(plugin, now);
  } else {
    plugin->last->next = client;
  }
  plugin->last = client;
}

// Reads what there is. False: wait for more.
static bool take(struct client* client) {
  const size_t room = REQUEST_BYTES - 1 - client->size;
  const ssize_t size =
      recv(client->fd, client->request + client->size, room, MSG_DONTWAIT);
  if (size < 0) return false;
  client->size += (size_t)size;
  client->request[client->size] = '\0';
  const bool whole = strstr(client->request, "\r\n\r\n") != NULL;
  if (!whole && size > 0 && client->size < REQUEST_BYTES - 1) return false;
  await_no_more(client);
  if (whole) {
    serve(client);
  } else {
    end(client);
  }
  return true;
}

static void on_ready(void* ctx, uint32_t events) {
  (void)events;
  (void)take(ctx);
}

static void on_connection(void* self, const cluster_connection* connection) {
  struct plugin* plugin = self;
  struct client* client = malloc(sizeof *client);
  if (client == NULL) {
    plugin->connections->close(plugin->host, connection->fd, connection->id);
    return;
  }
  client->plugin = plugin;
  client->watch = NULL;
  client->id = connection->id;
  client->fd = connection->fd;
  client->size = 0;
  plugin->connections->requests(plugin->host, client->id, 1);
  if (take(client)) return;
  if (plugin->loop->watch(plugin->host,
                          client->fd,
                          CLUSTER_READABLE,
                          on_ready,
                          client,
                          &client->watch) != CLUSTER_OK) {
    end(client);
    return;
  }
  await_request(client);
}

// Nobody waits for those who have not asked.
static void drain(void* self, uint64_t deadline_ms, uint64_t open) {
  struct plugin* plugin = self;
  (void)deadline_ms;
  (void)open;
  while (plugin->silent != NULL) {
    struct client* client = plugin->silent;
    await_no_more(client);
    end(client);
  }
}

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  const cluster_config_v1* config =
      host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  const cluster_string model = config->get(host, "model");
  const bool blocking =
      model.size == 8 && memcmp(model.data, "blocking", 8) == 0;
  const bool timed = model.size == 5 && memcmp(model.data, "timed", 5) == 0;
  if (model.size > 0 && !blocking && !timed) {
    error->code = CLUSTER_E_INVALID;
    snprintf(error->message,
             sizeof error->message,
             "--set model=: wants timed or blocking");
    return CLUSTER_E_INVALID;
  }
  struct plugin* plugin = calloc(1, sizeof *plugin);
  if (plugin == NULL) return CLUSTER_E_FULL;
  plugin->host = host;
  plugin->loop = host->get_service(host, CLUSTER_SERVICE_LOOP_V1);
  plugin->connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  plugin->blocking = blocking;
  plugin->answer_size =
      (size_t)snprintf(plugin->answer,
                       sizeof plugin->answer,
                       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                       "Connection: close\r\nX-Worker: %u\r\n\r\nok\n",
                       config->worker_id(host));
  *self = plugin;
  return CLUSTER_OK;
}

static void destroy(void* self) {
  struct plugin* plugin = self;
  drain(plugin, 0, 0);
  while (plugin->first != NULL) {
    struct client* client = plugin->first;
    plugin->first = client->next;
    end(client);
  }
  free(plugin);
}

static const cluster_worker_plugin kTable = {
    .size = sizeof(cluster_worker_plugin),
    .create = create,
    .destroy = destroy,
    .on_connection = on_connection,
    .drain = drain,
};

CLUSTER_WORKER_PLUGIN("served_by_time",
                      "1.0",
                      kTable,
                      CLUSTER_SERVICE_LOOP_V1,
                      CLUSTER_SERVICE_CONNECTION_V1,
                      CLUSTER_SERVICE_CONFIG_V1);
