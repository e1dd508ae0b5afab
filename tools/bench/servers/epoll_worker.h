// The worker process of the raw servers: one epoll loop over one source of new
// connections and the connections themselves.
//
// The source is a listener (epoll_worker_accept) or whatever else yields
// connected sockets; `take` gets them and gives each to epoll_worker_adopt().
//
//   struct epoll_worker worker = {.source_fd = listener,
//                                 .take = epoll_worker_accept};
//   epoll_worker_run(&worker, number, always_close);
#ifndef TOOLS_BENCH_SERVERS_EPOLL_WORKER_H_
#define TOOLS_BENCH_SERVERS_EPOLL_WORKER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/bench/servers/canned.h"

struct epoll_worker {
  int source_fd;
  uint32_t source_events;  // besides EPOLLIN
  int accepts_per_wake;    // 0: until EAGAIN
  void (*take)(struct epoll_worker* worker);

  // Set by epoll_worker_run().
  int epoll_fd;
  struct canned_server canned;
  struct canned_connection* connections;  // indexed by descriptor
  size_t connection_capacity;
};

// Serves until the process is killed. `number` goes into X-Worker.
_Noreturn void epoll_worker_run(struct epoll_worker* worker,
                                int number,
                                bool always_close);

// Starts serving a connected, non-blocking socket; owns it from here on.
void epoll_worker_adopt(struct epoll_worker* worker, int fd);

// A `take` for listeners.
void epoll_worker_accept(struct epoll_worker* worker);

#endif  // TOOLS_BENCH_SERVERS_EPOLL_WORKER_H_
