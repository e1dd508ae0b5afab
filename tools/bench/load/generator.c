#include "tools/bench/load/generator.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_WAKE = 256 };

// How often timeouts are looked for and failed clients start again: refused
// connections must not become a busy loop.
static const int64_t kTickNs = 10 * 1000 * 1000;
static const int64_t kSecondNs = 1000 * 1000 * 1000;

int64_t generator_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

_Noreturn static void die(const char* what) {
  perror(what);
  exit(1);
}

// splitmix64 (Steele, Lea, Flood 2014), as a number in (0, 1].
static double random_unit(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return (double)((z >> 11) + 1) * 0x1p-53;
}

static bool is_short(const struct generator* g) {
  return g->options->mode == LOAD_CLOSE || g->options->mode == LOAD_PACED;
}

// Asks for "/", or for "/MS" where the server is told how long to take.
static void write_request(const struct generator* g,
                          unsigned ms,
                          struct client_request* request) {
  char path[16] = "";
  if (ms > 0) snprintf(path, sizeof path, "%u", ms);
  const int size = snprintf(request->text,
                            sizeof request->text,
                            "GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n",
                            path,
                            is_short(g) ? "Connection: close\r\n" : "");
  request->size = (size_t)size;
}

// Arrival times and what is asked for depend on the seed alone.
static const struct client_request* draw_request(struct generator* g) {
  if (g->options->seldom_share == 0) return &g->usual;
  return random_unit(&g->random_state) <= g->options->seldom_share ? &g->seldom
                                                                   : &g->usual;
}

void generator_init(struct generator* g,
                    const struct load_options* options,
                    int index,
                    int64_t start_ns) {
  memset(g, 0, sizeof *g);
  g->options = options;
  g->index = index;
  g->start_ns = start_ns;
  g->window_ns = start_ns + (int64_t)(options->warmup_seconds * 1e9);
  g->end_ns = g->window_ns + (int64_t)(options->seconds * 1e9);
  g->plan = (struct client_plan){.target = options->target,
                                 .sources = options->sources,
                                 .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                                 .server_closes = is_short(g)};
  if (g->plan.epoll_fd < 0) die("epoll_create1");
  write_request(g, options->usual_ms, &g->usual);
  write_request(g, options->seldom_ms, &g->seldom);
  const int threads = options->threads;
  g->client_count = options->connections / threads +
                    (index < options->connections % threads ? 1 : 0);
  g->clients = calloc((size_t)g->client_count, sizeof *g->clients);
  g->idle = calloc((size_t)g->client_count, sizeof *g->idle);
  if (!g->clients || !g->idle) die("calloc");
  for (int i = g->client_count - 1; i >= 0; i--) {
    g->clients[i].fd = -1;
    g->idle[g->idle_count++] = i;
  }
  g->awaited = g->client_count;
  g->rate = options->rate / threads;
  g->next_due_ns = start_ns;
  g->random_state = options->seed * 1000003u + (uint64_t)index;
  g->next_source = (unsigned)index;
}

void generator_free(struct generator* g) {
  close(g->plan.epoll_fd);
  free(g->clients);
  free(g->idle);
}

static void release(struct generator* g, struct client* client) {
  g->open_count--;
  g->idle[g->idle_count++] = (int)(client - g->clients);
}

static void count_answer(struct generator* g,
                         const struct client* client,
                         int64_t now) {
  const bool paced = g->options->mode == LOAD_PACED;
  // An open loop counts what was due in the window: what came late must not
  // drop out of the latencies.
  const int64_t at = paced ? client->due_ns : now;
  g->tally.completed_total++;
  g->tally.last_answer_ns = now;
  if (g->options->mode != LOAD_HOLD && (at < g->window_ns || at >= g->end_ns)) {
    return;
  }
  g->tally.completed++;
  histogram_record(&g->tally.latency_ns, now - client->due_ns);
  tally_share(&g->tally, client->answer.worker);
}

static void fail(struct generator* g, struct client* client) {
  g->tally.errors[client->error]++;
  g->awaited--;
  release(g, client);
}

// What follows an answer; false: the client is done and closed.
static bool go_on(struct generator* g, struct client* client, int64_t now) {
  g->awaited--;
  if (g->options->mode != LOAD_KEEPALIVE) return true;
  if (now >= g->end_ns) {
    client_close(client);
    release(g, client);
    return false;
  }
  client_again(client);
  client->due_ns = now;
  return true;
}

static void advance(struct generator* g, struct client* client) {
  while (true) {
    const enum client_step step = client_advance(client, &g->plan);
    if (step == CLIENT_WAITING) return;
    const int64_t now = generator_now_ns();
    client->progress_ns = now;
    if (step == CLIENT_ANSWERED) {
      count_answer(g, client, now);
      if (!go_on(g, client, now)) return;
    } else if (step == CLIENT_FAILED) {
      fail(g, client);
      return;
    } else {
      release(g, client);
      return;
    }
  }
}

static void start_one(struct generator* g, int64_t due_ns) {
  struct client* client = &g->clients[g->idle[--g->idle_count]];
  client->due_ns = due_ns;
  client->progress_ns = generator_now_ns();
  client->request = draw_request(g);
  g->open_count++;
  if (!client_start(client, &g->plan, g->next_source++)) {
    fail(g, client);
    return;
  }
  // The handshake of a loopback connection is often done by now.
  advance(g, client);
}

static int64_t timeout_ns(const struct generator* g) {
  return (int64_t)(g->options->timeout_seconds * 1e9);
}

static void schedule_next(struct generator* g) {
  g->next_due_ns +=
      (int64_t)(-log(random_unit(&g->random_state)) / g->rate * 1e9);
}

static void start_due(struct generator* g, int64_t now) {
  // A server that fell behind for good must not hold the generator forever.
  const bool too_late = now >= g->end_ns + timeout_ns(g);
  while (g->next_due_ns <= now && g->next_due_ns < g->end_ns) {
    if (too_late) {
      g->tally.errors[ERROR_TIMEOUT]++;
    } else if (g->idle_count > 0) {
      start_one(g, g->next_due_ns);
    } else {
      return;
    }
    schedule_next(g);
  }
}

// Starts what may start: as many as are idle now, once, so that failures wait
// for the next tick.
static void start_idle(struct generator* g, int64_t now) {
  if (now >= g->end_ns) return;
  for (int left = g->idle_count; left > 0; left--) {
    start_one(g, generator_now_ns());
  }
}

static void fail_overdue(struct generator* g, int64_t now) {
  for (int i = 0; i < g->client_count; i++) {
    struct client* client = &g->clients[i];
    const bool idle_hold = g->options->mode == LOAD_HOLD && client->answered;
    if (client->fd < 0 || idle_hold) continue;
    if (now - client->progress_ns < timeout_ns(g)) continue;
    client_close(client);
    client->error = ERROR_TIMEOUT;
    fail(g, client);
  }
}

static void close_held(struct generator* g) {
  for (int i = 0; i < g->client_count; i++) {
    struct client* client = &g->clients[i];
    if (client->fd < 0 || !client->answered) continue;
    client_close(client);
    release(g, client);
  }
}

static void wait_and_advance(struct generator* g, int64_t until_ns) {
  const int64_t now = generator_now_ns();
  const int64_t left = until_ns > now ? until_ns - now : 0;
  const struct timespec timeout = {.tv_sec = left / kSecondNs,
                                   .tv_nsec = left % kSecondNs};
  struct epoll_event events[EVENTS_PER_WAKE];
  const int count =
      epoll_pwait2(g->plan.epoll_fd, events, EVENTS_PER_WAKE, &timeout, NULL);
  if (count < 0 && errno != EINTR) die("epoll_pwait2");
  for (int i = 0; i < count; i++) {
    struct client* client = events[i].data.ptr;
    advance(g, client);
    const bool again = g->options->mode == LOAD_CLOSE && client->fd < 0;
    if (again && client->answered) start_idle(g, generator_now_ns());
  }
}

static bool hold_is_over(struct generator* g, int64_t now) {
  // The clock of a hold starts when the last answer came.
  if (g->awaited > 0) {
    g->end_ns = now + (int64_t)(g->options->seconds * 1e9);
    return false;
  }
  return now >= g->end_ns;
}

void generator_run(struct generator* g) {
  const enum load_mode mode = g->options->mode;
  // The default slack of 50 us would show in the latencies of `paced`.
  prctl(PR_SET_TIMERSLACK, 1);
  if (mode != LOAD_PACED) start_idle(g, generator_now_ns());
  int64_t next_tick_ns = g->start_ns + kTickNs;
  while (true) {
    const int64_t now = generator_now_ns();
    if (mode == LOAD_HOLD && hold_is_over(g, now)) close_held(g);
    if (mode == LOAD_PACED) start_due(g, now);
    if (now >= g->end_ns && g->open_count == 0) break;
    if (now >= next_tick_ns) {
      next_tick_ns = now + kTickNs;
      fail_overdue(g, now);
      if (mode == LOAD_CLOSE || mode == LOAD_KEEPALIVE) start_idle(g, now);
    }
    const bool due_first = mode == LOAD_PACED && g->next_due_ns < g->end_ns &&
                           g->idle_count > 0 && g->next_due_ns < next_tick_ns;
    wait_and_advance(g, due_first ? g->next_due_ns : next_tick_ns);
  }
}
