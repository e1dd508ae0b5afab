#define _GNU_SOURCE

#include "tests/plugins/hostile.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/plugins/hostile_channel.h"
#include "tests/plugins/hostile_messages.h"
#include "tests/plugins/hostile_ring.h"

enum {
  LAST_FD = 64,
  NOISE_BYTES = 10 << 20,
  FRAME_BYTES = 64 << 20,
  /* core/control/messages.h */
  TYPE_ONLINE = 256,
  TYPE_LISTEN = 257,
  TYPE_LISTENING = 258,
  TYPE_FAILED = 259,
  TYPE_ROOM = 260,
  TYPE_LOG = 261,
  TYPE_LISTEN_AT = 288,
  TYPE_CLOSE_LISTENER = 289,
  /* The same: kMaxWorkerTextBytes. */
  MOST_TEXT_BYTES = 64 << 10,
  TYPE_UNKNOWN = 9999,
};

/* The control channel: the first Unix stream socket, -1 if there is none. */
static int find_channel(void) {
  for (int fd = 3; fd < LAST_FD; ++fd) {
    int domain = 0;
    int type = 0;
    socklen_t size = sizeof domain;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    size = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    if (domain == AF_UNIX && type == SOCK_STREAM) return fd;
  }
  return -1;
}

static void put_noise(int channel) {
  static uint32_t noise[16 << 10];
  uint32_t state = 1;
  for (size_t sent = 0; sent < NOISE_BYTES; sent += sizeof noise) {
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; ++i) {
      state = state * 1664525u + 1013904223u;
      noise[i] = state;
    }
    if (!hostile_put(channel, noise, sizeof noise)) return;
  }
}

static void put_log_lines(int channel) {
  /* ipc/archive: little-endian, level, the text's size, the text. */
  static char payload[10 + (32 << 10)];
  const uint64_t size = sizeof payload - 10;
  payload[0] = 1;
  memcpy(payload + 2, &size, sizeof size);
  memset(payload + 10, 'l', size);
  for (size_t sent = 0; sent < NOISE_BYTES; sent += sizeof payload) {
    hostile_put_frame(channel, TYPE_LOG, payload, sizeof payload);
  }
}

/* A text of a byte more than a worker may say in one frame. `before` is what
 * stands between the archive's first byte and the text's size. */
static void put_long_text(int channel, uint16_t type, size_t before) {
  static char payload[2 + 8 + MOST_TEXT_BYTES + 1] = {1};
  const uint64_t size = MOST_TEXT_BYTES + 1;
  memcpy(payload + 1 + before, &size, sizeof size);
  hostile_put_frame(channel, type, payload, 1 + before + 8 + size);
}

/* A frame of log text that is sent to the end. */
static void put_huge_frame(int channel) {
  static const char part[64 << 10];
  const struct hostile_header header = hostile_header_of(TYPE_LOG, FRAME_BYTES);
  bool goes_on = hostile_put(channel, &header, sizeof header);
  for (size_t sent = 0; goes_on && sent < FRAME_BYTES; sent += sizeof part) {
    goes_on = hostile_put(channel, part, sizeof part);
  }
}

static void put_other_version(int channel) {
  struct hostile_header header = hostile_header_of(TYPE_ROOM, 0);
  ++header.version;
  hostile_put(channel, &header, sizeof header);
}

/* Within a good frame, a text that ends far behind it. */
static void put_nested_size(int channel) {
  unsigned char payload[1 + 8] = {1};
  const uint64_t size = UINT64_MAX / 2;
  memcpy(payload + 1, &size, sizeof size);
  hostile_put_frame(channel, TYPE_FAILED, payload, sizeof payload);
}

static void spoil_scoreboard(void) {
  for (int fd = 3; fd < LAST_FD; ++fd) {
    char path[32];
    char name[64] = "";
    struct stat status;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, name, sizeof name - 1) <= 0) continue;
    if (strstr(name, "memfd:cluster-slot") == NULL) continue;
    if (fstat(fd, &status) != 0) continue;
    const size_t size = (size_t)status.st_size;
    uint64_t* words =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (words == MAP_FAILED) continue;
    for (size_t i = 0; i < size / sizeof *words; ++i) {
      __atomic_store_n(&words[i], UINT64_MAX / 3 * (i % 4), __ATOMIC_RELAXED);
    }
    munmap(words, size);
  }
}

/* ipc/archive: little-endian, request, flags, backlog, text's size, text. */
static void put_listen_at(int channel, const char* text, uint64_t size) {
  static char payload[1 + 12 + 8 + (64 << 10)];
  payload[0] = 1;
  memcpy(payload + 13, &size, sizeof size);
  memcpy(payload + 21, text, size);
  hostile_put_frame(channel, TYPE_LISTEN_AT, payload, 21 + size);
}

static void put_close(int channel, uint32_t listener) {
  char payload[5] = {1};
  memcpy(payload + 1, &listener, sizeof listener);
  hostile_put_frame(channel, TYPE_CLOSE_LISTENER, payload, sizeof payload);
}

/* Each answer that is not read holds a descriptor of the primary's. A number
 * is used again when all of them were. */
static void put_listens(int channel) {
  static const char kAddress[] = "127.0.0.1:0";
  for (int i = 0; i < 100000; ++i) {
    put_listen_at(channel, kAddress, sizeof kAddress - 1);
    put_close(channel, 1 + (uint32_t)i % 15);
  }
}

/* Of the host's own listener, which it may ask for again once it is closed. */
static void put_relistens(int channel) {
  static const char first[5] = {1};
  put_close(channel, 0);
  for (int i = 0; i < 100000; ++i) {
    hostile_put_frame(channel, TYPE_LISTEN, first, sizeof first);
    put_close(channel, 0);
  }
}

static void put_addresses(int channel) {
  static char noise[32 << 10];
  static const char* const kTexts[] = {"fd:0",
                                       "fd:3",
                                       "localhost:1",
                                       "unix:relative",
                                       "unix:",
                                       "udp:fd:3",
                                       "[::1",
                                       ":99999",
                                       ""};
  for (size_t i = 0; i < sizeof kTexts / sizeof kTexts[0]; ++i) {
    put_listen_at(channel, kTexts[i], strlen(kTexts[i]));
  }
  put_listen_at(channel, noise, sizeof noise);
  put_close(channel, 7);
}

/* Whether connections come from `fd`. */
static bool is_stream(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
         type == SOCK_SEQPACKET;
}

static void shut_streams(void) {
  for (int fd = 3; fd < LAST_FD; ++fd) {
    if (is_stream(fd)) shutdown(fd, SHUT_RDWR);
  }
}

/* Keeps the connections of its parent, whose clients so see its end. */
static void leave_orphan(void) {
  if (fork() != 0) return;
  const int nothing = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) dup2(nothing, fd);
  int stream = 3;
  while (stream < LAST_FD && !is_stream(stream)) ++stream;
  struct pollfd readable = {stream, POLLIN, 0};
  char bytes[64 << 10];
  do {
    poll(&readable, 1, -1);
    /* The descriptors that came are closed. */
  } while (recv(stream, bytes, sizeof bytes, MSG_DONTWAIT) != 0);
  _exit(0);
}

void turn_hostile(const char* act) {
  const int channel = find_channel();
  const struct hostile_header huge = hostile_header_of(TYPE_LISTEN, UINT64_MAX);
  static const unsigned char nowhere[] = {1, 99, 0, 0, 0};
  if (strcmp(act, "magic") == 0)
    hostile_put(channel, "not a frame, not a header", 24);
  if (strcmp(act, "type") == 0) hostile_put_frame(channel, TYPE_UNKNOWN, "", 0);
  if (strcmp(act, "length") == 0) hostile_put(channel, &huge, sizeof huge);
  if (strcmp(act, "truncated") == 0) {
    hostile_put(channel, &huge, sizeof huge / 2);
    shutdown(channel, SHUT_RDWR);
  }
  if (strcmp(act, "descriptors") == 0) {
    hostile_put_descriptors(
        channel, TYPE_ROOM, 0, HOSTILE_MOST_DESCRIPTORS, "", 0);
  }
  if (strcmp(act, "garbage") == 0) put_noise(channel);
  if (strcmp(act, "online") == 0)
    hostile_put_frame(channel, TYPE_ONLINE, "", 0);
  if (strcmp(act, "nowhere") == 0) {
    hostile_put_frame(channel, TYPE_LISTENING, nowhere, sizeof nowhere);
  }
  if (strcmp(act, "payload") == 0)
    hostile_put_frame(channel, TYPE_LISTEN, nowhere, 2);
  if (strcmp(act, "flood") == 0) {
    put_log_lines(channel);
    hostile_put_frame(channel, TYPE_UNKNOWN, "", 0);
  }
  if (strcmp(act, "version") == 0) put_other_version(channel);
  if (strcmp(act, "nested_size") == 0) put_nested_size(channel);
  if (strcmp(act, "log_huge") == 0) put_long_text(channel, TYPE_LOG, 1);
  if (strcmp(act, "failed_huge") == 0) put_long_text(channel, TYPE_FAILED, 0);
  if (strcmp(act, "frame_huge") == 0) put_huge_frame(channel);
  if (strcmp(act, "listens") == 0) put_listens(channel);
  if (strcmp(act, "relistens") == 0) put_relistens(channel);
  if (strcmp(act, "addresses") == 0) put_addresses(channel);
  if (strcmp(act, "scoreboard") == 0) spoil_scoreboard();
  if (strcmp(act, "deafens") == 0) shut_streams();
  if (strcmp(act, "orphan") == 0) leave_orphan();
  send_hostile_messages(channel, act);
  offer_hostile_ring(channel, act);
}
