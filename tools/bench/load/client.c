#include "tools/bench/load/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16384 };

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24  // linux/in.h
#endif

static bool fail(struct client* client, enum error_kind error) {
  client->error = error;
  client_close(client);
  return false;
}

// One pair of addresses has some 28,000 ports, which short connections use up
// within a second, while the server keeps each in TIME_WAIT for a minute. The
// *source* address varies rather than the destination, so that a server needs
// just one listener, and none outside the loopback.
static bool bind_source(int fd, unsigned source) {
  const int on = 1;
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK + source)};
  // Else bind() would take a port for all destinations.
  return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) ==
             0 &&
         bind(fd, (struct sockaddr*)&address, sizeof address) == 0;
}

bool client_start(struct client* client,
                  const struct client_plan* plan,
                  unsigned source) {
  client->sent_bytes = 0;
  client->answered = false;
  answer_reset(&client->answer);
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client->fd < 0) return fail(client, ERROR_LOCAL);
  if (plan->sources > 1 &&
      !bind_source(client->fd, source % (unsigned)plan->sources)) {
    return fail(client, ERROR_LOCAL);
  }
  if (connect(client->fd,
              (const struct sockaddr*)&plan->target,
              sizeof plan->target) < 0 &&
      errno != EINPROGRESS) {
    return fail(client, errno == EADDRNOTAVAIL ? ERROR_LOCAL : ERROR_CONNECT);
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                              .data.ptr = client};
  if (epoll_ctl(plan->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) < 0) {
    return fail(client, ERROR_LOCAL);
  }
  return true;
}

static enum client_step send_rest(struct client* client) {
  while (client->sent_bytes < client->request->size) {
    const ssize_t size = send(client->fd,
                              client->request->text + client->sent_bytes,
                              client->request->size - client->sent_bytes,
                              MSG_NOSIGNAL);
    if (size >= 0) {
      client->sent_bytes += (size_t)size;
    } else if (errno == EAGAIN) {
      return CLIENT_WAITING;
    } else if (errno != EINTR) {
      fail(client, errno == ECONNREFUSED ? ERROR_CONNECT : ERROR_RESET);
      return CLIENT_FAILED;
    }
  }
  return CLIENT_ANSWERED;
}

static enum client_step take_eof(struct client* client,
                                 const struct client_plan* plan) {
  if (!client->answered || !plan->server_closes) {
    fail(client, ERROR_EARLY_EOF);
    return CLIENT_FAILED;
  }
  client_close(client);
  return CLIENT_FINISHED;
}

enum client_step client_advance(struct client* client,
                                const struct client_plan* plan) {
  char data[READ_BYTES];
  const enum client_step sent = send_rest(client);
  if (sent != CLIENT_ANSWERED) return sent;
  while (true) {
    const ssize_t size = recv(client->fd, data, sizeof data, 0);
    if (size == 0) return take_eof(client, plan);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return CLIENT_WAITING;
    if (size < 0) {
      fail(client, ERROR_RESET);
      return CLIENT_FAILED;
    }
    const enum answer_state state =
        client->answered ? ANSWER_BAD
                         : answer_feed(&client->answer, data, (size_t)size);
    if (state == ANSWER_BAD) {
      fail(client, ERROR_BAD_ANSWER);
      return CLIENT_FAILED;
    }
    if (state == ANSWER_DONE) {
      client->answered = true;
      return CLIENT_ANSWERED;
    }
  }
}

void client_again(struct client* client) {
  client->sent_bytes = 0;
  client->answered = false;
  answer_reset(&client->answer);
}

void client_close(struct client* client) {
  if (client->fd >= 0) close(client->fd);
  client->fd = -1;
}
