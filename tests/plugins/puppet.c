/* puppet: a plugin that does what its clients say, so that a test can bring
 * about what a plugin may do wrong. One command a line:
 *
 *   who         answers with the worker's id
 *   later MS    the same, after MS milliseconds in which its loop runs
 *   uneven MS   as "later" in worker 1, as "who" in all others
 *   requests N  the same, and N more requests run on the connection
 *   block MS    the same, and then its loop stands still for MS milliseconds
 *   abort       dies by SIGABRT
 *   exit N      ends the process with code N
 *   end HOW     asks for the end of its worker: "orderly" or "at_once"
 *   print       prints to both outputs, see prints.h
 *   hostile X   turns on the host, see hostile.h
 *
 * A connection stays until its client ends it; a drain ends those for which
 * nothing is due. Settings: create=config|permanent|later|abort is how create
 * fails; start=exit ends the process in start; connection=abort dies on the
 * first connection; drain=ignore leaves idle connections open in a drain.
 */
#define _GNU_SOURCE

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "tests/plugins/hostile.h"
#include "tests/plugins/prints.h"

enum { LINE_BYTES = 256 };

struct puppet;

struct peer {
  struct puppet* puppet;
  struct peer* next;
  struct peer* prev;
  cluster_watch* watch;
  cluster_timer* timer; /* an answer is due */
  uint64_t id;
  int fd;
  size_t size;
  char line[LINE_BYTES];
};

struct puppet {
  const cluster_host* host;
  const cluster_loop_v1* loop;
  const cluster_connection_v1* connections;
  const cluster_config_v1* config;
  const cluster_health_v1* health;
  struct peer* peers;
  bool draining;
};

static bool is_set(const struct puppet* puppet,
                   const char* key,
                   const char* expected) {
  const cluster_string value = puppet->config->get(puppet->host, key);
  return value.data != NULL && value.size == strlen(expected) &&
         memcmp(value.data, expected, value.size) == 0;
}

static void drop(struct peer* peer) {
  struct puppet* puppet = peer->puppet;
  *(peer->prev != NULL ? &peer->prev->next : &puppet->peers) = peer->next;
  if (peer->next != NULL) peer->next->prev = peer->prev;
  if (peer->timer != NULL)
    puppet->loop->cancel_timer(puppet->host, peer->timer);
  if (peer->watch != NULL) puppet->loop->unwatch(puppet->host, peer->watch);
  puppet->connections->close(puppet->host, peer->fd, peer->id);
  free(peer);
}

static void answer(struct peer* peer) {
  const struct puppet* puppet = peer->puppet;
  char text[32];
  const int size = snprintf(
      text, sizeof text, "%u\n", puppet->config->worker_id(puppet->host));
  (void)!send(peer->fd, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_timer(void* ctx) {
  struct peer* peer = ctx;
  peer->timer = NULL;
  answer(peer);
  if (peer->puppet->draining) drop(peer);
}

static void answer_after(struct peer* peer, int ms) {
  const struct puppet* puppet = peer->puppet;
  puppet->loop->start_timer(
      puppet->host, (uint64_t)ms * 1000, on_timer, peer, &peer->timer);
}

static void obey(struct peer* peer, const char* line) {
  const struct puppet* puppet = peer->puppet;
  char word[16] = "";
  char name[32] = "";
  int number = 0;
  sscanf(line, "%15s %31s", word, name);
  number = atoi(name);
  const bool uneven = strcmp(word, "uneven") == 0 &&
                      puppet->config->worker_id(puppet->host) == 1;
  if (uneven || strcmp(word, "later") == 0) {
    answer_after(peer, number);
    return;
  }
  if (strcmp(word, "abort") == 0) abort();
  if (strcmp(word, "exit") == 0) _exit(number);
  if (strcmp(word, "print") == 0) print_pieces();
  if (strcmp(word, "hostile") == 0) turn_hostile(name);
  if (strcmp(word, "end") == 0) {
    puppet->health->end(puppet->host, strcmp(name, "at_once") == 0);
  }
  if (strcmp(word, "requests") == 0) {
    puppet->connections->requests(puppet->host, peer->id, number);
  }
  answer(peer);
  if (strcmp(word, "block") == 0) poll(NULL, 0, number);
}

static void on_ready(void* ctx, uint32_t events) {
  struct peer* peer = ctx;
  (void)events;
  const ssize_t count = recv(peer->fd,
                             peer->line + peer->size,
                             LINE_BYTES - 1 - peer->size,
                             MSG_DONTWAIT);
  if (count <= 0) {
    drop(peer);
    return;
  }
  peer->size += (size_t)count;
  peer->line[peer->size] = '\0';
  for (char* end; (end = strchr(peer->line, '\n')) != NULL;) {
    *end = '\0';
    obey(peer, peer->line);
    peer->size -= (size_t)(end + 1 - peer->line);
    memmove(peer->line, end + 1, peer->size + 1);
  }
}

static void on_connection(void* self, const cluster_connection* connection) {
  struct puppet* puppet = self;
  if (is_set(puppet, "connection", "abort")) abort();
  struct peer* peer = calloc(1, sizeof *peer);
  if (peer == NULL) abort();
  peer->puppet = puppet;
  peer->fd = connection->fd;
  peer->id = connection->id;
  peer->next = puppet->peers;
  if (peer->next != NULL) peer->next->prev = peer;
  puppet->peers = peer;
  if (puppet->loop->watch(puppet->host,
                          peer->fd,
                          CLUSTER_READABLE,
                          on_ready,
                          peer,
                          &peer->watch) != CLUSTER_OK) {
    abort();
  }
}

/* How create shall fail, if it shall. */
static cluster_status refuse(const struct puppet* puppet,
                             cluster_error* error) {
  static const struct {
    const char* setting;
    cluster_status status;
    const char* message;
  } refusals[] = {
      {"config", CLUSTER_E_CONFIG, "the strings are tangled"},
      {"permanent", CLUSTER_E_FAILED, "the strings are cut"},
      {"later", CLUSTER_E_SYSTEM, "the stage is taken"},
  };
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; ++i) {
    if (!is_set(puppet, "create", refusals[i].setting)) continue;
    error->code = refusals[i].status;
    snprintf(error->message, sizeof error->message, "%s", refusals[i].message);
    return refusals[i].status;
  }
  return CLUSTER_OK;
}

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  struct puppet* puppet = calloc(1, sizeof *puppet);
  if (puppet == NULL) abort();
  puppet->host = host;
  puppet->loop = host->get_service(host, CLUSTER_SERVICE_LOOP_V1);
  puppet->connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  puppet->config = host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  puppet->health = host->get_service(host, CLUSTER_SERVICE_HEALTH_V1);
  if (is_set(puppet, "create", "abort")) abort();
  const cluster_status status = refuse(puppet, error);
  if (status == CLUSTER_OK) {
    *self = puppet;
  } else {
    free(puppet);
  }
  return status;
}

static cluster_status start(void* self, cluster_error* error) {
  (void)error;
  if (is_set(self, "start", "exit")) _exit(3);
  return CLUSTER_OK;
}

static void drain(void* self, uint64_t deadline_ms, uint64_t open) {
  struct puppet* puppet = self;
  (void)deadline_ms;
  (void)open;
  puppet->draining = true;
  if (is_set(puppet, "drain", "ignore")) return;
  for (struct peer *peer = puppet->peers, *next; peer != NULL; peer = next) {
    next = peer->next;
    if (peer->timer == NULL) drop(peer);
  }
}

static void stop(void* self) {
  struct puppet* puppet = self;
  while (puppet->peers != NULL) drop(puppet->peers);
}

static void destroy(void* self) { free(self); }

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .start = start,
    .on_connection = on_connection,
    .drain = drain,
    .stop = stop,
    .destroy = destroy,
};

CLUSTER_WORKER_PLUGIN("puppet",
                      "1.0",
                      table,
                      CLUSTER_SERVICE_LOOP_V1,
                      CLUSTER_SERVICE_CONNECTION_V1,
                      CLUSTER_SERVICE_CONFIG_V1,
                      CLUSTER_SERVICE_HEALTH_V1);
