// Raw peer: one process accepts and hands connections to workers, round robin,
// one message a worker and round.
//
// Waking a worker is the price of a hand-off, so when connections keep coming
// the accepting process first lets some gather: it sleeps --gather_us before
// it accepts until EAGAIN.

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench/servers/epoll_worker.h"
#include "tools/bench/servers/fd_batch.h"
#include "tools/bench/servers/server_process.h"

// Woken again within this time after a round: busy.
enum { BUSY_NS = 150 * 1000, CHANNEL_BUFFER_BYTES = 1 << 20 };

struct acceptor {
  int listener;
  int workers;
  long gather_us;
  int channels[SERVER_MAX_WORKERS];
  struct fd_batch batches[SERVER_MAX_WORKERS];
  int next;
  int64_t round_end_ns;
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void take_from_channel(struct epoll_worker* worker) {
  struct fd_batch batch;
  while (fd_batch_receive(&batch, worker->source_fd)) {
    for (int i = 0; i < batch.count; i++) {
      epoll_worker_adopt(worker, batch.fds[i]);
    }
  }
}

static void send_batch(struct acceptor* acceptor, int worker) {
  if (!fd_batch_send(&acceptor->batches[worker], acceptor->channels[worker])) {
    perror("lost a batch: sendmsg");
  }
}

static void accept_round(struct acceptor* acceptor) {
  if (acceptor->gather_us > 0 && now_ns() - acceptor->round_end_ns < BUSY_NS) {
    const struct timespec pause = {.tv_nsec = acceptor->gather_us * 1000};
    nanosleep(&pause, NULL);
  }
  while (true) {
    const int fd =
        accept4(acceptor->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) break;
    const int worker = acceptor->next;
    struct fd_batch* batch = &acceptor->batches[worker];
    batch->fds[batch->count++] = fd;
    if (batch->count == FD_BATCH_MAX) send_batch(acceptor, worker);
    acceptor->next = (worker + 1) % acceptor->workers;
  }
  for (int i = 0; i < acceptor->workers; i++) {
    if (acceptor->batches[i].count > 0) send_batch(acceptor, i);
  }
  acceptor->round_end_ns = now_ns();
}

static void accept_until_stopped(struct acceptor* acceptor, int stop_fd) {
  struct pollfd watched[] = {{.fd = acceptor->listener, .events = POLLIN},
                             {.fd = stop_fd, .events = POLLIN}};
  while (!(watched[1].revents & POLLIN)) {
    const int count = poll(watched, 2, -1);
    if (count < 0 && errno != EINTR) server_die("poll");
    if (count > 0 && watched[0].revents) accept_round(acceptor);
  }
}

_Noreturn static void run_worker(const struct server_options* options,
                                 int number,
                                 int channel) {
  struct epoll_worker worker = {.source_fd = channel,
                                .take = take_from_channel};
  epoll_worker_run(&worker, number, options->always_close);
}

static void fork_workers(struct server_options* options,
                         struct acceptor* acceptor) {
  const int size = CHANNEL_BUFFER_BYTES;
  for (int i = 0; i < options->workers; i++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
      server_die("socketpair");
    }
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    int number;
    if (server_fork(options, &number)) {
      close(acceptor->listener);
      close(pair[0]);
      for (int other = 0; other < i; other++) close(acceptor->channels[other]);
      run_worker(options, number, pair[1]);
    }
    close(pair[1]);
    acceptor->channels[i] = pair[0];
  }
}

int main(int argc, char** argv) {
  struct server_options options = {.gather_us = 200};
  server_options_parse(argc, argv, &options);
  const int stop_fd = server_block_signals();
  static struct acceptor acceptor;
  acceptor.listener = server_listen(&options, false);
  acceptor.workers = options.workers;
  acceptor.gather_us = options.gather_us;
  fork_workers(&options, &acceptor);
  // The default slack of 50 us would be a quarter of the pause.
  prctl(PR_SET_TIMERSLACK, 1000);
  server_say_ready(&options);
  accept_until_stopped(&acceptor, stop_fd);
  return server_wait(&options, stop_fd);
}
