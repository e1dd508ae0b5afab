// What the raw servers share as processes: options, listeners, children that
// die with their parent, and an orderly end.
//
//   struct server_options options;
//   server_options_parse(argc, argv, &options);
//   int fd = server_listen(&options, false);
//   int stop_fd = server_block_signals();
//   if (server_fork(&options, &worker)) { ... the worker's code, no return }
//   server_say_ready(&options);
//   return server_wait(&options, stop_fd);
#ifndef TOOLS_BENCH_SERVERS_SERVER_PROCESS_H_
#define TOOLS_BENCH_SERVERS_SERVER_PROCESS_H_

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tools/bench/servers/steered_listeners.h"

enum { SERVER_MAX_WORKERS = 256 };

struct server_options {
  struct sockaddr_in address;  // port 0: filled in by the first listener
  int workers;
  long gather_us;        // hand-off only; 0 turns gathering off
  int accepts_per_wake;  // 0: until EAGAIN
  bool always_close;
  enum steering steering;              // reuseport only
  pid_t children[SERVER_MAX_WORKERS];  // grows by server_fork()
  int child_count;
};

// Reads the command line; defaults not given there stay as they are in
// `options`. Ends the process with code 2 and a message when it is not usable.
void server_options_parse(int argc,
                          char** argv,
                          struct server_options* options);

// A bound, listening, non-blocking socket. Ends the process when it cannot be.
int server_listen(struct server_options* options, bool reuse_port);

// Blocks what ends a server and returns a descriptor that becomes readable
// instead.
int server_block_signals(void);

// Forks the next worker. True in the worker, which is killed when its parent
// ends; its number is then in `*worker`.
bool server_fork(struct server_options* options, int* worker);

// Prints "ready ADDRESS:PORT".
void server_say_ready(const struct server_options* options);

// Waits until told to stop or until a worker died, then ends all workers.
// Returns the exit code: 0 when told to stop.
int server_wait(struct server_options* options, int stop_fd);

// Ends the process with code 1 and the text of errno.
_Noreturn void server_die(const char* what);

#endif  // TOOLS_BENCH_SERVERS_SERVER_PROCESS_H_
