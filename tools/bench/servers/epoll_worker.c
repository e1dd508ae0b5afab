#include "tools/bench/servers/epoll_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench/servers/server_process.h"

enum { EVENTS_PER_WAKE = 256 };

static int watch(void* context,
                 struct canned_connection* c,
                 enum canned_want want) {
  struct epoll_worker* worker = context;
  struct epoll_event event = {
      .events = want == CANNED_WRITE ? EPOLLOUT : EPOLLIN, .data.ptr = c};
  const int change = c->want == CANNED_NOTHING ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return epoll_ctl(worker->epoll_fd, change, c->fd, &event);
}

static void close_connection(void* context, struct canned_connection* c) {
  // Nobody else holds this descriptor, so close() also ends the watch.
  (void)context;
  canned_close(c->fd);
}

void epoll_worker_adopt(struct epoll_worker* worker, int fd) {
  if ((size_t)fd >= worker->connection_capacity) {
    close(fd);
    return;
  }
  canned_open(&worker->canned, &worker->connections[fd], fd);
}

void epoll_worker_accept(struct epoll_worker* worker) {
  int left = worker->accepts_per_wake;
  do {
    const int fd =
        accept4(worker->source_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    epoll_worker_adopt(worker, fd);
  } while (left == 0 || --left > 0);
}

static void prepare(struct epoll_worker* worker) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) server_die("getrlimit");
  worker->connection_capacity = limit.rlim_cur;
  worker->connections =
      calloc(worker->connection_capacity, sizeof *worker->connections);
  if (!worker->connections) server_die("calloc");
  worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (worker->epoll_fd < 0) server_die("epoll_create1");
  struct epoll_event event = {.events = EPOLLIN | worker->source_events,
                              .data.ptr = NULL};
  if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->source_fd, &event) <
      0) {
    server_die("epoll_ctl");
  }
}

_Noreturn void epoll_worker_run(struct epoll_worker* worker,
                                int number,
                                bool always_close) {
  prepare(worker);
  canned_server_init(
      &worker->canned, number, always_close, worker, watch, close_connection);
  struct epoll_event events[EVENTS_PER_WAKE];
  while (true) {
    const int count = epoll_wait(worker->epoll_fd, events, EVENTS_PER_WAKE, -1);
    if (count < 0 && errno != EINTR) server_die("epoll_wait");
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr) {
        canned_ready(&worker->canned, events[i].data.ptr);
      } else {
        worker->take(worker);
      }
    }
  }
}
