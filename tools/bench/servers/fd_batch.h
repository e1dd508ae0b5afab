// Connected sockets on their way to another process, many in one message of a
// SOCK_SEQPACKET pair.
#ifndef TOOLS_BENCH_SERVERS_FD_BATCH_H_
#define TOOLS_BENCH_SERVERS_FD_BATCH_H_

#include <stdbool.h>

// SCM_MAX_FD of the kernel, unix(7).
enum { FD_BATCH_MAX = 253 };

struct fd_batch {
  int fds[FD_BATCH_MAX];
  int count;
};

// Sends the batch, closes our copies and empties it. When the message cannot be
// sent the connections are lost; false then.
bool fd_batch_send(struct fd_batch* batch, int socket_fd);

// Receives the next message without waiting. False when there is none.
bool fd_batch_receive(struct fd_batch* batch, int socket_fd);

#endif  // TOOLS_BENCH_SERVERS_FD_BATCH_H_
