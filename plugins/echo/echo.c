/* echo: sends back what it receives. The worked example of a plugin in C, on
 * the host's own loop.
 *
 * Back-pressure: while a peer does not take its echo, nothing is read from it,
 * so a connection holds at most one piece of READ_BYTES. Half-close: a peer
 * that has sent its end gets the rest of its echo, then the end. On drain a
 * connection ends as soon as nothing of it is left to send.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

enum { READ_BYTES = 64 << 10, READS_PER_TURN = 4 };

struct echo;

struct peer {
  struct echo* echo;
  struct peer* next;
  struct peer* prev;
  cluster_watch* watch;
  uint64_t id;
  int fd;
  bool ended;   /* it sent its end, or draining wants ours */
  char* unsent; /* what it did not take yet; NULL if nothing */
  size_t begin; /* of what is left in `unsent` */
  size_t end;
};

struct echo {
  const cluster_host* host;
  const cluster_loop_v1* loop;
  const cluster_connection_v1* connections;
  struct peer* peers;
  bool draining;
  char scratch[READ_BYTES]; /* one read, of whoever has its turn */
};

static void drop(struct peer* peer) {
  struct echo* echo = peer->echo;
  if (peer->prev != NULL) {
    peer->prev->next = peer->next;
  } else {
    echo->peers = peer->next;
  }
  if (peer->next != NULL) peer->next->prev = peer->prev;
  if (peer->watch != NULL) echo->loop->unwatch(echo->host, peer->watch);
  echo->connections->close(echo->host, peer->fd, peer->id);
  free(peer->unsent);
  free(peer);
}

/* Sends up to `size` bytes. Returns how many went, -1 if the peer is gone. */
static ssize_t send_some(struct peer* peer, const char* data, size_t size) {
  size_t sent = 0;
  while (sent < size) {
    const ssize_t n =
        send(peer->fd, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      sent += (size_t)n;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return (ssize_t)sent;
}

/* Echoes `size` bytes of the scratch buffer and keeps what does not go yet. */
static bool echo_back(struct peer* peer, size_t size) {
  const ssize_t sent = send_some(peer, peer->echo->scratch, size);
  if (sent < 0) return false;
  const size_t left = size - (size_t)sent;
  if (left == 0) return true;
  peer->unsent = malloc(left);
  if (peer->unsent == NULL) return false;
  memcpy(peer->unsent, peer->echo->scratch + sent, left);
  peer->begin = 0;
  peer->end = left;
  return true;
}

/* Sends what is left. Returns false if the peer is gone. */
static bool flush(struct peer* peer) {
  const ssize_t sent =
      send_some(peer, peer->unsent + peer->begin, peer->end - peer->begin);
  if (sent < 0) return false;
  peer->begin += (size_t)sent;
  if (peer->begin == peer->end) {
    free(peer->unsent);
    peer->unsent = NULL;
  }
  return true;
}

/* Reads and echoes until there is no more, or the peer does not keep up. */
static bool pump(struct peer* peer) {
  struct echo* echo = peer->echo;
  /* A few pieces a turn: one fast peer must not starve the others. */
  for (int i = 0; i < READS_PER_TURN && peer->unsent == NULL; ++i) {
    const ssize_t n =
        recv(peer->fd, echo->scratch, sizeof echo->scratch, MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (n > 0 && !echo_back(peer, (size_t)n)) return false;
    if (n < (ssize_t)sizeof echo->scratch) { /* that was all for now */
      peer->ended = n == 0 || echo->draining;
      return true;
    }
  }
  return true;
}

/* One turn of a connection; it may be gone afterwards. */
static void serve(struct peer* peer) {
  struct echo* echo = peer->echo;
  const bool was_blocked = peer->unsent != NULL;
  if (was_blocked && !flush(peer)) {
    drop(peer);
    return;
  }
  if (peer->unsent == NULL && !peer->ended && !pump(peer)) {
    drop(peer);
    return;
  }
  const bool blocked = peer->unsent != NULL;
  if (!blocked && peer->ended) {
    drop(peer);
    return;
  }
  if (blocked == was_blocked) return;
  const uint32_t events = blocked ? CLUSTER_WRITABLE : CLUSTER_READABLE;
  if (echo->loop->modify(echo->host, peer->watch, events) != CLUSTER_OK) {
    drop(peer);
  }
}

static void on_ready(void* ctx, uint32_t events) {
  (void)events; /* an error or a hang-up shows in send or recv */
  serve(ctx);
}

static void on_connection(void* self, const cluster_connection* connection) {
  struct echo* echo = self;
  struct peer* peer = calloc(1, sizeof *peer);
  if (peer == NULL) {
    echo->connections->close(echo->host, connection->fd, connection->id);
    return;
  }
  peer->echo = echo;
  peer->fd = connection->fd;
  peer->id = connection->id;
  peer->next = echo->peers;
  if (peer->next != NULL) peer->next->prev = peer;
  echo->peers = peer;
  if (echo->loop->watch(echo->host,
                        peer->fd,
                        CLUSTER_READABLE,
                        on_ready,
                        peer,
                        &peer->watch) != CLUSTER_OK) {
    peer->watch = NULL;
    drop(peer);
  }
}

static void drain(void* self, uint64_t deadline_ms, uint64_t open) {
  struct echo* echo = self;
  (void)deadline_ms;
  (void)open;
  echo->draining = true;
  for (struct peer *peer = echo->peers, *next; peer != NULL; peer = next) {
    next = peer->next;
    serve(peer); /* what has arrived is still echoed */
  }
}

static void stop(void* self) {
  struct echo* echo = self;
  while (echo->peers != NULL) drop(echo->peers);
}

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  struct echo* echo = calloc(1, sizeof *echo);
  if (echo == NULL) {
    error->code = CLUSTER_E_SYSTEM;
    snprintf(error->message, sizeof error->message, "out of memory");
    return CLUSTER_E_SYSTEM;
  }
  echo->host = host;
  echo->loop = host->get_service(host, CLUSTER_SERVICE_LOOP_V1);
  echo->connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  *self = echo;
  return CLUSTER_OK;
}

static void destroy(void* self) { free(self); }

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .on_connection = on_connection,
    .drain = drain,
    .stop = stop,
    .destroy = destroy,
};

CLUSTER_WORKER_PLUGIN("echo",
                      "1.0",
                      table,
                      CLUSTER_SERVICE_LOOP_V1,
                      CLUSTER_SERVICE_CONNECTION_V1);
