/* own_loop: sends back what it receives, from a poll(2) loop of its own. The
 * part of the ABI that echo has no use for: run, embedding, closed.
 *
 * Small on purpose: it is built for every released ABI (tests/abi/corpus). What
 * a peer does not take at once is waited for.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

enum { PEERS = 64 };

static struct {
  const cluster_host* host;
  const cluster_embedding_v1* embedding;
  const cluster_connection_v1* connections;
  const cluster_config_v1* config;
  const cluster_log_v1* log;
  struct pollfd fds[PEERS + 1]; /* the first is the host's */
  uint64_t ids[PEERS + 1];
  nfds_t count;
  int draining;
} worker;

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)error;
  worker.host = host;
  worker.embedding = host->get_service(host, CLUSTER_SERVICE_EMBEDDING_V1);
  worker.connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  worker.config = host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  worker.log = host->get_service(host, CLUSTER_SERVICE_LOG_V1);
  *self = &worker;
  return CLUSTER_OK;
}

static cluster_status start(void* self, cluster_error* error) {
  char text[128];
  const cluster_string name = worker.config->get(worker.host, "name");
  (void)self;
  if (name.data == NULL) {
    snprintf(error->message, sizeof error->message, "set a name");
    return CLUSTER_E_CONFIG;
  }
  const int size = snprintf(text,
                            sizeof text,
                            "%.*s: worker %u of %u",
                            (int)name.size,
                            name.data,
                            worker.config->worker_id(worker.host),
                            worker.config->worker_count(worker.host));
  worker.log->write(
      worker.host, CLUSTER_LOG_INFO, (cluster_string){text, (uint64_t)size});
  worker.fds[0] =
      (struct pollfd){worker.embedding->pollable(worker.host), POLLIN, 0};
  worker.count = 1;
  return CLUSTER_OK;
}

static void on_connection(void* self, const cluster_connection* connection) {
  cluster_address local;
  (void)self;
  if (worker.count > PEERS ||
      worker.connections->local_address(worker.host, connection->fd, &local) !=
          CLUSTER_OK ||
      local.family == CLUSTER_FAMILY_NONE) {
    worker.connections->close(worker.host, connection->fd, connection->id);
    return;
  }
  worker.fds[worker.count] = (struct pollfd){connection->fd, POLLIN, 0};
  worker.ids[worker.count++] = connection->id;
}

static void drop(nfds_t at) {
  shutdown(worker.fds[at].fd, SHUT_RDWR);
  close(worker.fds[at].fd);
  worker.connections->closed(worker.host, worker.ids[at]);
  --worker.count;
  worker.fds[at] = worker.fds[worker.count];
  worker.ids[at] = worker.ids[worker.count];
}

/* Returns whether the peer is still there. */
static int echo(int fd) {
  char bytes[4096];
  const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  for (ssize_t sent = 0; sent < size;) {
    struct pollfd writable = {fd, POLLOUT, 0};
    const ssize_t n =
        send(fd, bytes + sent, (size_t)(size - sent), MSG_NOSIGNAL);
    if (n > 0) sent += n;
    if (n < 0 && errno != EAGAIN && errno != EINTR) return 0;
    if (sent < size) poll(&writable, 1, -1);
  }
  return size > 0;
}

static void drain(void* self, uint64_t deadline_ms, uint64_t open) {
  (void)self;
  (void)deadline_ms;
  (void)open;
  worker.draining = 1;
}

static cluster_status run(void* self) {
  (void)self;
  for (;;) {
    if (worker.draining) {
      while (worker.count > 1) drop(worker.count - 1);
    }
    if (poll(worker.fds, worker.count, -1) < 0 && errno != EINTR) {
      return CLUSTER_E_SYSTEM;
    }
    for (nfds_t at = worker.count; at-- > 1;) {
      if (worker.fds[at].revents != 0 && !echo(worker.fds[at].fd)) drop(at);
    }
    if (worker.fds[0].revents != 0 &&
        worker.embedding->dispatch(worker.host) == CLUSTER_STOPPED) {
      return CLUSTER_OK;
    }
  }
}

static void stop(void* self) {
  (void)self;
  while (worker.count > 1) drop(worker.count - 1);
}

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .start = start,
    .on_connection = on_connection,
    .drain = drain,
    .stop = stop,
    .run = run,
};

CLUSTER_WORKER_PLUGIN("own_loop",
                      "1.0",
                      table,
                      CLUSTER_SERVICE_EMBEDDING_V1,
                      CLUSTER_SERVICE_CONNECTION_V1,
                      CLUSTER_SERVICE_CONFIG_V1,
                      CLUSTER_SERVICE_LOG_V1);
