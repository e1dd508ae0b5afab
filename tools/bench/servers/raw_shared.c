// Raw peer: one listener that all workers inherit and accept from, woken one at
// a time (EPOLLEXCLUSIVE). One accept per wake-up unless told otherwise: a
// worker that drains the queue takes what its siblings were woken for.

#include <sys/epoll.h>

#include "tools/bench/servers/epoll_worker.h"
#include "tools/bench/servers/server_process.h"

int main(int argc, char** argv) {
  struct server_options options = {.accepts_per_wake = 1};
  server_options_parse(argc, argv, &options);
  const int stop_fd = server_block_signals();
  const int listener = server_listen(&options, false);
  for (int i = 0; i < options.workers; i++) {
    int number;
    if (!server_fork(&options, &number)) continue;
    struct epoll_worker worker = {.source_fd = listener,
                                  .source_events = EPOLLEXCLUSIVE,
                                  .accepts_per_wake = options.accepts_per_wake,
                                  .take = epoll_worker_accept};
    epoll_worker_run(&worker, number, options.always_close);
  }
  server_say_ready(&options);
  return server_wait(&options, stop_fd);
}
