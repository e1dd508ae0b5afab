// One HTTP connection that gives a fixed answer: the work every benchmark
// server does, kept in one header so that "the same work" is the same code.
//
// It owns no loop. The loop that includes it provides two callbacks:
//   watch  report readiness (level-triggered) of what `want` says, instead of
//          c->want, which still says what was watched before; a new
//          connection is watched for nothing
//   close  forget the watch, canned_close(c->fd) or the like, free `c`
// and calls canned_open() once for each accepted descriptor, then
// canned_ready() each time the descriptor is ready. Either may call close(),
// after which the connection must not be touched. canned_feed() alone is pure:
// bytes in, what to do out.
//
// Requests end at an empty line and carry no body. Requests that arrive
// together are answered together; while answers are stuck nothing more is read,
// so a connection needs no buffer of its own.
//
// Thread safety: none. Lifetime: `server` outlives its connections.
//
//   struct canned_server server;
//   canned_server_init(&server, worker, false, loop, loop_watch, loop_close);
//   ...
//   canned_open(&server, connection, accept4(...));  // non-blocking descriptor
//   ...
//   canned_ready(&server, connection);
#ifndef TOOLS_BENCH_SERVERS_CANNED_H_
#define TOOLS_BENCH_SERVERS_CANNED_H_

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CANNED_LINE_BYTES = 32, CANNED_READ_BYTES = 4096, CANNED_GATHER = 16 };

enum canned_want { CANNED_NOTHING, CANNED_READ, CANNED_WRITE };

// What is known of a request whose end has not arrived yet: the start of its
// current line, which is all that is needed to recognise the two lines that
// matter.
struct canned_parser {
  char line[CANNED_LINE_BYTES];
  size_t line_size;  // true length, may exceed CANNED_LINE_BYTES
  bool in_request;
  bool close_asked;
};

struct canned_verdict {
  uint32_t answers;  // requests that ended in these bytes
  bool close;        // the last of them asked to close; the rest is ignored
};

struct canned_connection {
  int fd;
  enum canned_want want;
  struct canned_parser parser;
  uint32_t owed;      // answers not fully written
  size_t sent_bytes;  // of the first owed answer
  bool closing;       // close once nothing is owed
};

struct canned_answer {
  char text[160];
  size_t size;
};

struct canned_server {
  void* context;
  int (*watch)(void* context,
               struct canned_connection* c,
               enum canned_want want);  // 0, or -1: could not watch
  void (*close)(void* context, struct canned_connection* c);
  bool always_close;
  struct canned_answer keep;
  struct canned_answer last;
};

static inline void canned_answer_init(struct canned_answer* answer,
                                      int worker,
                                      const char* connection) {
  int size = snprintf(answer->text,
                      sizeof answer->text,
                      "HTTP/1.1 200 OK\r\n"
                      "Content-Type: text/plain\r\n"
                      "Content-Length: 14\r\n"
                      "X-Worker: %d\r\n"
                      "%s\r\n"
                      "Hello, world!\n",
                      worker,
                      connection);
  answer->size = (size_t)size;
}

// Fills `server`. `worker` is what the answers say in X-Worker. With
// `always_close` every connection ends after its first answer.
static inline void canned_server_init(
    struct canned_server* server,
    int worker,
    bool always_close,
    void* context,
    int (*watch)(void*, struct canned_connection*, enum canned_want),
    void (*close_it)(void*, struct canned_connection*)) {
  memset(server, 0, sizeof *server);
  server->context = context;
  server->watch = watch;
  server->close = close_it;
  server->always_close = always_close;
  canned_answer_init(&server->keep, worker, "");
  canned_answer_init(&server->last, worker, "Connection: close\r\n");
}

// Ends a connection the way every server here does: the shutdown sends FIN even
// while another process still holds a copy of the descriptor.
static inline void canned_close(int fd) {
  shutdown(fd, SHUT_WR);
  close(fd);
}

static inline bool canned_line_asks_close(const char* line, size_t size) {
  static const char kName[] = "connection:";
  const size_t name_size = sizeof kName - 1;
  if (size < name_size || strncasecmp(line, kName, name_size) != 0) {
    return false;
  }
  size_t at = name_size;
  while (at < size && line[at] == ' ') at++;
  return size - at >= 5 && strncasecmp(line + at, "close", 5) == 0;
}

// Takes one whole line without its '\n'. Returns whether it ended a request.
static inline bool canned_take_line(struct canned_parser* parser,
                                    const char* line,
                                    size_t size) {
  const bool empty = size == 0 || (size == 1 && line[0] == '\r');
  if (!empty) {
    parser->in_request = true;
    if (canned_line_asks_close(line, size)) parser->close_asked = true;
    return false;
  }
  // RFC 9112 2.2: empty lines before a request line are ignored.
  const bool ended = parser->in_request;
  parser->in_request = false;
  return ended;
}

static inline void canned_carry(struct canned_parser* parser,
                                const char* data,
                                size_t size) {
  if (parser->line_size < CANNED_LINE_BYTES) {
    size_t room = CANNED_LINE_BYTES - parser->line_size;
    memcpy(parser->line + parser->line_size, data, size < room ? size : room);
  }
  parser->line_size += size;
}

// Takes the next `size` bytes of a connection and says what they ask for.
// Bytes may be cut anywhere. `parser` starts zeroed.
static inline struct canned_verdict canned_feed(struct canned_parser* parser,
                                                const char* data,
                                                size_t size) {
  struct canned_verdict verdict = {0, false};
  while (size > 0 && !verdict.close) {
    const char* end = (const char*)memchr(data, '\n', size);
    const size_t piece = end ? (size_t)(end - data) : size;
    const char* line = data;
    size_t line_size = piece;
    if (!end || parser->line_size > 0) {
      canned_carry(parser, data, piece);
      line = parser->line;
      line_size = parser->line_size;
    }
    if (!end) break;
    if (line_size > CANNED_LINE_BYTES && line == parser->line) {
      line_size = CANNED_LINE_BYTES;
    }
    if (canned_take_line(parser, line, line_size)) {
      verdict.answers++;
      verdict.close = parser->close_asked;
    }
    parser->line_size = 0;
    data += piece + 1;
    size -= piece + 1;
  }
  return verdict;
}

enum canned_flush_result { CANNED_FLUSHED, CANNED_BLOCKED, CANNED_BROKEN };

// Sends up to CANNED_GATHER owed answers with one call.
static inline ssize_t canned_send(const struct canned_server* server,
                                  const struct canned_connection* c) {
  struct iovec parts[CANNED_GATHER];
  const uint32_t count = c->owed < CANNED_GATHER ? c->owed : CANNED_GATHER;
  for (uint32_t i = 0; i < count; i++) {
    const bool last = c->closing && i + 1 == c->owed;
    const struct canned_answer* answer = last ? &server->last : &server->keep;
    const size_t skip = i == 0 ? c->sent_bytes : 0;
    parts[i].iov_base = (void*)(uintptr_t)(answer->text + skip);
    parts[i].iov_len = answer->size - skip;
  }
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = parts;
  message.msg_iovlen = count;
  // The end of the connection goes with its last bytes: a segment less.
  const int more = c->closing && count == c->owed ? MSG_MORE : 0;
  return sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
}

// Takes `size` sent bytes off what is owed.
static inline void canned_settle(const struct canned_server* server,
                                 struct canned_connection* c,
                                 size_t size) {
  c->sent_bytes += size;
  while (c->owed > 0) {
    const bool last = c->closing && c->owed == 1;
    const size_t whole = last ? server->last.size : server->keep.size;
    if (c->sent_bytes < whole) return;
    c->sent_bytes -= whole;
    c->owed--;
  }
}

static inline enum canned_flush_result canned_flush(
    const struct canned_server* server, struct canned_connection* c) {
  while (c->owed > 0) {
    const ssize_t sent = canned_send(server, c);
    if (sent >= 0) {
      canned_settle(server, c, (size_t)sent);
    } else if (errno == EAGAIN) {
      return CANNED_BLOCKED;
    } else if (errno != EINTR) {
      return CANNED_BROKEN;
    }
  }
  return CANNED_FLUSHED;
}

static inline void canned_watch(struct canned_server* server,
                                struct canned_connection* c,
                                enum canned_want want) {
  if (c->want == want) return;
  if (server->watch(server->context, c, want) != 0) {
    server->close(server->context, c);
    return;
  }
  c->want = want;
}

// Goes on with a connection that is ready: answers, reads, and then watches it
// or closes it. A read that did not fill the buffer emptied the socket, so no
// second read is spent on learning EAGAIN.
static inline void canned_ready(struct canned_server* server,
                                struct canned_connection* c) {
  char data[CANNED_READ_BYTES];
  bool more = true;
  while (true) {
    const enum canned_flush_result flushed = canned_flush(server, c);
    if (flushed == CANNED_BLOCKED) {
      canned_watch(server, c, CANNED_WRITE);
      return;
    }
    if (flushed == CANNED_BROKEN || c->closing) break;
    const ssize_t size =
        more ? recv(c->fd, data, sizeof data, MSG_DONTWAIT) : -1;
    if (size < 0 && more && errno == EINTR) continue;
    if (size < 0 && (!more || errno == EAGAIN)) {
      canned_watch(server, c, CANNED_READ);
      return;
    }
    if (size <= 0) break;
    more = size == (ssize_t)sizeof data;
    const struct canned_verdict verdict =
        canned_feed(&c->parser, data, (size_t)size);
    c->owed = verdict.answers;
    c->closing = verdict.close || (server->always_close && c->owed > 0);
    if (server->always_close && c->owed > 1) c->owed = 1;
  }
  server->close(server->context, c);
}

// Starts a connection on an accepted `fd` and reads at once what is there.
static inline void canned_open(struct canned_server* server,
                               struct canned_connection* c,
                               int fd) {
  memset(c, 0, sizeof *c);
  c->fd = fd;
  canned_ready(server, c);
}

#endif  // TOOLS_BENCH_SERVERS_CANNED_H_
