// Raw peer: every worker has a SO_REUSEPORT listener of its own and the kernel
// spreads connections by hash: the reference of the benchmark. With --steer=cpu
// each goes to the worker of the CPU that received it, with --steer=random to
// any.

#include <unistd.h>

#include "tools/bench/servers/epoll_worker.h"
#include "tools/bench/servers/server_process.h"
#include "tools/bench/servers/steered_listeners.h"

int main(int argc, char** argv) {
  struct server_options options = {0};
  server_options_parse(argc, argv, &options);
  const int stop_fd = server_block_signals();

  // All listen before any serves: "ready" then means every worker's queue is
  // there, and the hash does not change under the load.
  int listeners[SERVER_MAX_WORKERS];
  for (int i = 0; i < options.workers; i++) {
    listeners[i] = server_listen(&options, true);
  }
  steer_listeners(listeners[0], options.workers, options.steering);
  for (int i = 0; i < options.workers; i++) {
    int number;
    if (!server_fork(&options, &number)) continue;
    for (int other = 0; other < options.workers; other++) {
      if (other != number) close(listeners[other]);
    }
    if (options.steering == STEER_BY_CPU) pin_to_cpu(number);
    struct epoll_worker worker = {.source_fd = listeners[number],
                                  .accepts_per_wake = options.accepts_per_wake,
                                  .take = epoll_worker_accept};
    epoll_worker_run(&worker, number, options.always_close);
  }
  for (int i = 0; i < options.workers; i++) close(listeners[i]);
  server_say_ready(&options);
  return server_wait(&options, stop_fd);
}
