// One client connection: connects, sends its request, reads the answer.
//
// Edge-triggered: client_start() adds it to an epoll set once, and each event
// is followed by client_advance() until that says CLIENT_WAITING. A client
// closes only after all bytes were read, so the server never sees a reset.
//
//   client.request = &request;
//   client_start(&client, &plan, source);
//   while ((step = client_advance(&client, &plan)) == CLIENT_ANSWERED) ...
#ifndef TOOLS_BENCH_LOAD_CLIENT_H_
#define TOOLS_BENCH_LOAD_CLIENT_H_

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/bench/load/answer.h"
#include "tools/bench/load/tally.h"

// What all connections of a run have in common.
struct client_plan {
  struct sockaddr_in target;
  int sources;
  int epoll_fd;
  bool server_closes;
};

struct client_request {
  char text[96];
  size_t size;
};

enum client_step {
  CLIENT_WAITING,   // nothing more until the next event
  CLIENT_ANSWERED,  // the answer is whole; advance again
  CLIENT_FINISHED,  // the server closed after its answer; closed
  CLIENT_FAILED     // client->error says why; closed
};

struct client {
  int fd;  // -1: not open
  const struct client_request* request;
  int64_t due_ns;       // latency counts from here
  int64_t progress_ns;  // the timeout counts from here
  size_t sent_bytes;
  bool answered;
  enum error_kind error;
  struct answer answer;
};

// Opens the connection from source address number `source` (any number, taken
// modulo plan->sources). False: failed, as CLIENT_FAILED. REQUIRES: its request
// is set.
bool client_start(struct client* client,
                  const struct client_plan* plan,
                  unsigned source);

enum client_step client_advance(struct client* client,
                                const struct client_plan* plan);

// Makes an answered client send its request again.
void client_again(struct client* client);

void client_close(struct client* client);

#endif  // TOOLS_BENCH_LOAD_CLIENT_H_
