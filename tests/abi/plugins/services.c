/* services: sends back the lines that it receives, and uses what came with ABI
 * 0.2: it takes its connections itself, counts, is not ready at first, listens
 * for a moment at one more address, and answers the other slots' requests. A
 * line that says "ask" makes it ask the next slot, and log what that says.
 *
 * It is built for every released ABI from 0.2 on (tests/abi/corpus), so it uses
 * nothing that came later. A line comes whole; what a peer does not take at
 * once ends its connection.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

enum { PEERS = 64, ASK_TIMEOUT_MS = 30000 };

static struct {
  const cluster_host* host;
  const cluster_loop_v1* loop;
  const cluster_connection_v1* connections;
  const cluster_config_v1* config;
  const cluster_log_v1* log;
  const cluster_metric_v1* metrics;
  const cluster_health_v1* health;
  const cluster_listener_v1* listeners;
  const cluster_acceptor_v1* acceptor;
  const cluster_message_v1* messages;
  const cluster_datagram_v1* datagrams;        /* optional */
  const cluster_thread_check_v1* thread_check; /* optional */
  cluster_metric* lines;
  cluster_metric* sizes;
  cluster_metric* up;
  cluster_timer* timer;
  cluster_watch* arrivals;
} worker;

static struct peer {
  cluster_watch* watch; /* NULL: the place is free */
  uint64_t id;
  int fd;
} peers[PEERS];

static cluster_string text_of(const char* text) {
  return (cluster_string){text, strlen(text)};
}

static void say(const char* what, cluster_string more) {
  char text[256];
  const cluster_string name = worker.config->get(worker.host, "name");
  snprintf(text,
           sizeof text,
           "%.*s: %s%.*s",
           (int)name.size,
           name.data,
           what,
           (int)more.size,
           more.data);
  worker.log->write(worker.host, CLUSTER_LOG_INFO, text_of(text));
}

static cluster_status fail(cluster_error* error, const char* what) {
  error->code = CLUSTER_E_FAILED;
  snprintf(error->message, sizeof error->message, "%s", what);
  return CLUSTER_E_FAILED;
}

/* ---- Messages */

static void on_reply(void* ctx,
                     cluster_status status,
                     const cluster_message* reply) {
  (void)ctx;
  if (status == CLUSTER_OK) {
    say("the next slot says ", reply->payload);
  } else {
    say("the next slot says nothing", text_of(""));
  }
}

static void on_message(void* ctx, const cluster_message* message) {
  char text[64];
  cluster_outgoing answer = {.size = sizeof answer};
  (void)ctx;
  if (message->request == 0) return;
  snprintf(text,
           sizeof text,
           "slot %u, generation %u",
           worker.config->slot(worker.host),
           worker.config->generation(worker.host));
  answer.payload = text_of(text);
  worker.messages->reply(worker.host, message->request, &answer);
}

static void ask(void) {
  const cluster_outgoing question = {
      .size = sizeof question,
      .to = CLUSTER_TO_SLOT,
      .number = (worker.config->slot(worker.host) + 1) %
                worker.config->worker_count(worker.host),
      .payload = text_of("who?"),
  };
  if (worker.messages->request(
          worker.host, &question, ASK_TIMEOUT_MS, on_reply, NULL) !=
      CLUSTER_OK) {
    say("cannot ask", text_of(""));
  }
}

/* ---- Connections */

static void drop(struct peer* peer) {
  worker.loop->unwatch(worker.host, peer->watch);
  worker.connections->close(worker.host, peer->fd, peer->id);
  peer->watch = NULL;
}

static void drop_all(void) {
  for (struct peer* peer = peers; peer != peers + PEERS; ++peer) {
    if (peer->watch != NULL) drop(peer);
  }
}

static void on_ready(void* ctx, uint32_t events) {
  struct peer* peer = ctx;
  char bytes[4096];
  const ssize_t size = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  (void)events;
  if (size <= 0) {
    drop(peer);
    return;
  }
  worker.connections->requests(worker.host, peer->id, 1);
  worker.metrics->add(worker.lines, 1);
  worker.metrics->observe(worker.sizes, (double)size);
  worker.health->heartbeat(worker.host);
  if (size == 4 && memcmp(bytes, "ask\n", 4) == 0) ask();
  const ssize_t sent =
      send(peer->fd, bytes, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
  worker.connections->bytes(
      worker.host, peer->id, (uint64_t)size, sent > 0 ? (uint64_t)sent : 0);
  worker.connections->requests(worker.host, peer->id, -1);
  if (sent != size) drop(peer);
}

static void on_connection(void* self, const cluster_connection* connection) {
  (void)self;
  for (struct peer* peer = peers; peer != peers + PEERS; ++peer) {
    if (peer->watch != NULL) continue;
    peer->fd = connection->fd;
    peer->id = connection->id;
    if (worker.loop->watch(worker.host,
                           peer->fd,
                           CLUSTER_READABLE,
                           on_ready,
                           peer,
                           &peer->watch) == CLUSTER_OK) {
      return;
    }
    break;
  }
  worker.connections->close(worker.host, connection->fd, connection->id);
}

static void on_arrivals(void* ctx, uint32_t events) {
  cluster_connection taken[4];
  uint64_t count = 0;
  (void)events;
  taken[0].size = sizeof taken[0];
  if (worker.acceptor->take(worker.host, 0, taken, 4, &count) != CLUSTER_OK) {
    say("cannot take", text_of(""));
  }
  for (uint64_t i = 0; i < count; ++i) on_connection(ctx, &taken[i]);
}

/* ---- The states */

static void on_listening(void* ctx,
                         cluster_status status,
                         uint32_t listener,
                         const cluster_error* error) {
  cluster_listener_info info = {.size = sizeof info};
  (void)ctx;
  if (status != CLUSTER_OK) {
    say("cannot listen: ", text_of(error->message));
  } else if (worker.listeners->info(worker.host, listener, &info) !=
                 CLUSTER_OK ||
             info.kind != CLUSTER_LISTENER_STREAM ||
             worker.listeners->close(worker.host, listener) != CLUSTER_OK) {
    say("cannot close", text_of(""));
  } else {
    say("listened at ", info.text);
  }
}

/* The rest of the beginning, from the loop. */
static void on_timer(void* ctx) {
  (void)ctx;
  worker.timer = NULL;
  if (worker.acceptor->pause(worker.host, 0) != CLUSTER_OK ||
      worker.acceptor->resume(worker.host, 0) != CLUSTER_OK) {
    say("cannot pause", text_of(""));
  }
  worker.listeners->listen(
      worker.host, text_of("127.0.0.1:0"), NULL, on_listening, NULL);
  worker.health->ready(worker.host);
}

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)error;
  worker.host = host;
  worker.loop = host->get_service(host, CLUSTER_SERVICE_LOOP_V1);
  worker.connections = host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1);
  worker.config = host->get_service(host, CLUSTER_SERVICE_CONFIG_V1);
  worker.log = host->get_service(host, CLUSTER_SERVICE_LOG_V1);
  worker.metrics = host->get_service(host, CLUSTER_SERVICE_METRIC_V1);
  worker.health = host->get_service(host, CLUSTER_SERVICE_HEALTH_V1);
  worker.listeners = host->get_service(host, CLUSTER_SERVICE_LISTENER_V1);
  worker.acceptor = host->get_service(host, CLUSTER_SERVICE_ACCEPTOR_V1);
  worker.messages = host->get_service(host, CLUSTER_SERVICE_MESSAGE_V1);
  worker.datagrams = host->get_service(host, CLUSTER_SERVICE_DATAGRAM_V1);
  worker.thread_check =
      host->get_service(host, CLUSTER_SERVICE_THREAD_CHECK_V1);
  *self = &worker;
  return CLUSTER_OK;
}

static cluster_status make_metrics(cluster_error* error) {
  static const double bounds[] = {8, 64};
  const cluster_metric_v1* metrics = worker.metrics;
  if (metrics->counter(
          worker.host, "services_lines_total", "Lines.", &worker.lines) !=
          CLUSTER_OK ||
      metrics->histogram(worker.host,
                         "services_line_bytes",
                         "Their sizes.",
                         bounds,
                         2,
                         &worker.sizes) != CLUSTER_OK ||
      metrics->gauge(worker.host, "services_up", "Workers.", &worker.up) !=
          CLUSTER_OK) {
    return fail(error, "cannot make metrics");
  }
  metrics->set(worker.up, 1);
  return CLUSTER_OK;
}

static cluster_status start(void* self, cluster_error* error) {
  char text[64];
  int32_t fd = -1;
  cluster_status status = make_metrics(error);
  if (status != CLUSTER_OK) return status;
  if (worker.config->get(worker.host, "name").data == NULL) {
    return fail(error, "set a name");
  }
  snprintf(text,
           sizeof text,
           "worker %u of %u",
           worker.config->worker_id(worker.host),
           worker.config->worker_count(worker.host));
  say(text, text_of(""));
  if (worker.thread_check == NULL ||
      worker.thread_check->is_loop_thread(worker.host) != 1) {
    return fail(error, "this is not the loop's thread");
  }
  if (worker.datagrams == NULL ||
      worker.datagrams->socket(worker.host, 0, &fd) != CLUSTER_E_INVALID) {
    return fail(error, "listener 0 is for datagrams");
  }
  if (worker.listeners->count(worker.host) < 1 ||
      worker.acceptor->take_over(worker.host, 0, &fd) != CLUSTER_OK ||
      worker.loop->watch(worker.host,
                         fd,
                         CLUSTER_READABLE,
                         on_arrivals,
                         self,
                         &worker.arrivals) != CLUSTER_OK) {
    return fail(error, "cannot take over listener 0");
  }
  if (worker.messages->on_message(worker.host, on_message, NULL) !=
          CLUSTER_OK ||
      worker.health->not_ready(worker.host, text_of("it warms up")) !=
          CLUSTER_OK ||
      worker.loop->start_timer(
          worker.host, 1000, on_timer, NULL, &worker.timer) != CLUSTER_OK) {
    return fail(error, "cannot begin");
  }
  return CLUSTER_OK;
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
  if (worker.arrivals != NULL) {
    worker.loop->unwatch(worker.host, worker.arrivals);
  }
  if (worker.timer != NULL) {
    worker.loop->cancel_timer(worker.host, worker.timer);
  }
}

static const cluster_worker_plugin table = {
    .size = sizeof table,
    .create = create,
    .start = start,
    .on_connection = on_connection,
    .drain = drain,
    .stop = stop,
};

CLUSTER_WORKER_PLUGIN_OPTIONAL(
    "services",
    "1.0",
    table,
    CLUSTER_OPTIONAL(CLUSTER_SERVICE_DATAGRAM_V1,
                     CLUSTER_SERVICE_THREAD_CHECK_V1),
    CLUSTER_SERVICE_LOOP_V1,
    CLUSTER_SERVICE_CONNECTION_V1,
    CLUSTER_SERVICE_CONFIG_V1,
    CLUSTER_SERVICE_LOG_V1,
    CLUSTER_SERVICE_METRIC_V1,
    CLUSTER_SERVICE_HEALTH_V1,
    CLUSTER_SERVICE_LISTENER_V1,
    CLUSTER_SERVICE_ACCEPTOR_V1,
    CLUSTER_SERVICE_MESSAGE_V1);
