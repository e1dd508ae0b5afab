/* A plugin with one fault, chosen by a macro FAULT_*; without one it is a small
 * server in C that does all as it should: it sends back what it gets, has a
 * timer for each connection, and a thread that posts.
 *
 * What is to be found of each fault is in faults.bzl.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "tests/plugins/faulty/asks.h"

enum { READ_BYTES = 4096, IDLE_US = 60 * 1000 * 1000 };

struct server;

struct peer {
  struct server* server;
  struct peer* next;
  struct peer** link;
  cluster_watch* watch;
  cluster_timer* timer;
  uint64_t id;
  int fd;
  bool is_unix;
};

struct server {
  const cluster_host* host;
  const cluster_loop_v1* loop;
  const cluster_connection_v1* connections;
  const cluster_config_v1* config;
  const cluster_log_v1* log; /* optional */
  struct peer* peers;
  bool draining;
  pthread_t thread;
  int end_of_thread[2]; /* the thread ends when [1] is closed */
};

/* ---- Faults of the file -------------------------------------------------- */

#if defined(FAULT_UNDEFINED_SYMBOL)
extern int given_by_nobody(void);
#define TOUCH() (void)given_by_nobody()
#elif defined(HAS_OWN_LIBRARY)
extern int given_by_own_library(void);
#define TOUCH() (void)given_by_own_library()
#else
#define TOUCH() (void)0
#endif

#if defined(FAULT_TWO_EXPORTS)
CLUSTER_EXPORT int second_export(void) { return 2; }
#endif

/* ---- Connections --------------------------------------------------------- */

static void drop(struct peer* peer) {
  struct server* server = peer->server;
  *peer->link = peer->next;
  if (peer->next != NULL) peer->next->link = peer->link;
#if !defined(FAULT_WATCH_LEAK)
  if (peer->watch != NULL) server->loop->unwatch(server->host, peer->watch);
#endif
#if !defined(FAULT_TIMER_LEAK)
  if (peer->timer != NULL) {
    server->loop->cancel_timer(server->host, peer->timer);
  }
#endif
#if defined(FAULT_UNKNOWN_ID)
  server->connections->closed(server->host, peer->id + 1000000);
#endif
#if defined(FAULT_CLOSES_NOTHING)
  peer->fd = -1;
#endif
  server->connections->close(server->host, peer->fd, peer->id);
#if defined(FAULT_DOUBLE_CLOSE)
  server->connections->closed(server->host, peer->id);
#endif
#if defined(FAULT_BAD_ARGUMENT)
  server->loop->unwatch(server->host, (cluster_watch*)peer);
#endif
#if !defined(FAULT_MEMORY_GROWTH) && !defined(FAULT_TIMER_LEAK) && \
    !defined(FAULT_WATCH_LEAK)
  free(peer);
#endif
}

static void on_idle(void* ctx) {
  struct peer* peer = ctx;
  peer->timer = NULL;
  drop(peer);
}

/* A request is echoed; what the peer does not take at once is not sent. */
static void on_ready(void* ctx, uint32_t events) {
  struct peer* peer = ctx;
  char bytes[READ_BYTES];
  const ssize_t n = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  (void)events;
#if defined(FAULT_RESET)
  if (n < 0 && errno == ECONNRESET) abort();
#elif defined(FAULT_KEEPS_RESET)
  if (n < 0 && errno == ECONNRESET) {
    peer->server->loop->modify(peer->server->host, peer->watch, 0);
    peer->server->loop->unwatch(peer->server->host, peer->watch);
    peer->watch = NULL;
    return;
  }
#endif
#if defined(FAULT_SPINS)
  /* Waits, busily, for more behind the end of a stream. */
  struct pollfd gone = {peer->fd, 0, 0};
  if (n == 0 && peer->is_unix && poll(&gone, 1, 0) == 0) return;
#endif
  if (n > 0) {
    send(peer->fd, bytes, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    drop(peer);
    return;
  }
#if !defined(FAULT_NOT_DRAINED)
  if (peer->server->draining) drop(peer);
#endif
}

static void refuse_or_abort(struct peer* peer, cluster_status status) {
  (void)status;
#if defined(FAULT_SERVICE_FAILURE)
  abort();
#endif
  drop(peer);
}

#if defined(FAULT_WRONG_THREAD)
static void* start_a_timer(void* ctx) {
  struct server* server = ctx;
  cluster_timer* timer = NULL;
  server->loop->start_timer(server->host, 1, on_idle, NULL, &timer);
  return NULL;
}
#endif

static void be_faulty_once(struct server* server, int fd) {
  static bool done = false;
  if (done) return;
  done = true;
#if defined(FAULT_HANG)
  poll(NULL, 0, 1500);
#elif defined(FAULT_HANGS_FOR_EVER)
  for (;;) pause();
#elif defined(FAULT_SIGNALS)
  signal(SIGTERM, SIG_IGN);
#elif defined(FAULT_WRONG_THREAD)
  pthread_t thread;
  pthread_create(&thread, NULL, start_a_timer, server);
  pthread_join(thread, NULL);
#elif defined(FAULT_EXIT)
  exit(0);
#elif defined(FAULT_DISPATCHES)
  const cluster_embedding_v1* embedding =
      server->host->get_service(server->host, CLUSTER_SERVICE_EMBEDDING_V1);
  if (embedding != NULL) embedding->dispatch(server->host);
#endif
  (void)server;
  (void)fd;
}

static void on_connection(void* self, const cluster_connection* connection) {
  struct server* server = self;
  be_faulty_once(server, connection->fd);
#if defined(FAULT_PEER_GONE)
  /* Thinks that a peer stays until it is answered. */
  struct pollfd gone = {connection->fd, POLLIN | POLLRDHUP, 0};
  if (poll(&gone, 1, 10) > 0 && (gone.revents & POLLRDHUP) != 0 &&
      recv(connection->fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
    abort();
  }
#endif
  struct peer* peer = calloc(1, sizeof *peer);
  if (peer == NULL) {
    server->connections->close(server->host, connection->fd, connection->id);
    return;
  }
  peer->server = server;
  peer->fd = connection->fd;
  peer->id = connection->id;
  peer->is_unix = connection->peer.family == CLUSTER_FAMILY_NONE;
  peer->next = server->peers;
  peer->link = &server->peers;
  if (peer->next != NULL) peer->next->link = &peer->next;
  server->peers = peer;
#if defined(FAULT_DESCRIPTOR_LEAK)
  if (dup(peer->fd) < 0) abort();
#elif defined(FAULT_NOT_CLOSED)
  return;
#endif
#if defined(FAULT_MANY)
  int count = 0;
  for (struct peer* each = server->peers; each != NULL; each = each->next) {
    if (++count > 100) abort();
  }
#endif
  cluster_status status = server->loop->watch(
      server->host, peer->fd, CLUSTER_READABLE, on_ready, peer, &peer->watch);
  if (status == CLUSTER_OK) {
    status = server->loop->start_timer(
        server->host, IDLE_US, on_idle, peer, &peer->timer);
  }
  if (status != CLUSTER_OK) refuse_or_abort(peer, status);
}

/* ---- The states ---------------------------------------------------------- */

static void on_posted(void* ctx) { (void)ctx; }

#if defined(FAULT_LATE_CALLBACK) || defined(FAULT_THREAD_LEFT)
static void* stay(void* ctx) {
  for (;;) {
#if defined(FAULT_LATE_CALLBACK)
    const struct server* server = ctx;
    server->loop->post(server->host, on_posted, NULL);
#endif
    poll(NULL, 0, 10);
  }
  return NULL;
}
#endif

#if defined(FAULT_LOOP_ENDED)
static cluster_status run(void* self) { return (void)self, CLUSTER_OK; }
#endif

/* Posts once, and waits for the end, which it learns from `stop`: what it posts
 * then is refused. */
static void* post_once(void* ctx) {
  struct server* server = ctx;
  char byte;
  server->loop->post(server->host, on_posted, NULL);
  while (read(server->end_of_thread[0], &byte, 1) < 0 && errno == EINTR) {
  }
  if (server->loop->post(server->host, on_posted, NULL) != CLUSTER_E_STATE) {
    abort();
  }
  return NULL;
}

static cluster_status fail(cluster_error* error, const char* message) {
  error->code = CLUSTER_E_CONFIG;
#if defined(FAULT_NO_MESSAGE)
  (void)message;
#elif defined(FAULT_MESSAGE_WITHOUT_END)
  memset(error->message, message[0], sizeof error->message);
#else
  snprintf(error->message, sizeof error->message, "%s", message);
#endif
  return CLUSTER_E_CONFIG;
}

static cluster_status start(void* self, cluster_error* error) {
  struct server* server = self;
#if defined(FAULT_CRASHES_IN_START)
  abort();
#endif
#if defined(FAULT_REFUSES_IN_START)
  return fail(error, "never");
#endif
#if defined(FAULT_LISTENS)
  ask_to_listen(server->host);
#elif defined(FAULT_ASKS)
  ask_a_worker(server->host);
#endif
  TOUCH();
  if (server->config == NULL ||
      server->config->get(server->host, "word").data == NULL) {
    return fail(error, "a setting is missing: --set word=TEXT");
  }
#if !defined(FAULT_OPTIONAL_SERVICE)
  if (server->log != NULL)
#endif
  {
    server->log->write(server->host, CLUSTER_LOG_INFO, (cluster_string){"", 0});
  }
#if defined(FAULT_WRONG_STATE)
  server->connections->closed(server->host, 1);
#endif
  if (pipe2(server->end_of_thread, O_CLOEXEC) != 0) {
    return fail(error, "no pipe");
  }
#if defined(FAULT_LATE_CALLBACK) || defined(FAULT_THREAD_LEFT)
  pthread_t thread;
  pthread_create(&thread, NULL, stay, server);
#endif
  if (pthread_create(&server->thread, NULL, post_once, server) != 0) {
    close(server->end_of_thread[0]);
    close(server->end_of_thread[1]);
    server->end_of_thread[0] = server->end_of_thread[1] = -1;
    return fail(error, "no thread");
  }
  return CLUSTER_OK;
}

static void drain(void* self, uint64_t deadline_ms, uint64_t open) {
  struct server* server = self;
  (void)deadline_ms;
  (void)open;
  server->draining = true;
#if !defined(FAULT_NOT_DRAINED)
  for (struct peer *peer = server->peers, *next; peer != NULL; peer = next) {
    next = peer->next;
    on_ready(peer, CLUSTER_READABLE);
  }
#endif
}

static void stop(void* self) {
  struct server* server = self;
#if !defined(FAULT_LEFT_OPEN)
  while (server->peers != NULL) drop(server->peers);
#endif
  if (server->end_of_thread[1] < 0) return;
  close(server->end_of_thread[1]);
  pthread_join(server->thread, NULL);
  close(server->end_of_thread[0]);
}

static void destroy(void* self) {
#if !defined(FAULT_LATE_CALLBACK)
  free(self);
#else
  (void)self; /* its thread still has it */
#endif
}

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
#if defined(FAULT_REFUSES_IN_CREATE)
  return fail(error, "never");
#endif
  struct server* server = calloc(1, sizeof *server);
  if (server == NULL) return fail(error, "out of memory");
  server->host = host;
  server->loop = host->get_service(host, CLUSTER_SERVICE_LOOP_V1);
  server->connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  server->config = host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  server->log = host->get_service(host, CLUSTER_SERVICE_LOG_V1);
  server->end_of_thread[0] = server->end_of_thread[1] = -1;
  *self = server;
  return CLUSTER_OK;
}

static const cluster_worker_plugin table = {
#if !defined(FAULT_TABLE_WITHOUT_SIZE)
    .size = sizeof table,
#endif
    .create = create,
    .start = start,
    .on_connection = on_connection,
    .drain = drain,
#if defined(FAULT_LOOP_ENDED)
    .run = run,
#endif
    .stop = stop,
    .destroy = destroy,
};

#include "tests/plugins/faulty/entry.h"
