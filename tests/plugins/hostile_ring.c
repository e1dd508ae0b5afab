#define _GNU_SOURCE

#include "tests/plugins/hostile_ring.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/plugins/hostile_channel.h"

enum {
  /* ipc/payload_ring.h */
  RING_BYTES = 2 << 20,
  FILE_BYTES = 4096 + RING_BYTES,
  SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
  /* ipc/frame.h */
  IN_RING = 0x8000,
  TYPE_RING_OFFER = 0xffff,
  /* core/control/messages.h */
  TYPE_LISTEN = 257,
  TYPE_ROOM = 260,
};

static void offer(int channel, off_t size, int seals) {
  const int ring = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (ftruncate(ring, size) != 0 || fcntl(ring, F_ADD_SEALS, seals) != 0) {
    close(ring);
    return;
  }
  struct hostile_header header = hostile_header_of(TYPE_RING_OFFER, 0);
  header.fd_count = 1;
  struct iovec part = {&header, sizeof header};
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof ring)];
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  struct cmsghdr* first = CMSG_FIRSTHDR(&message);
  first->cmsg_level = SOL_SOCKET;
  first->cmsg_type = SCM_RIGHTS;
  first->cmsg_len = CMSG_LEN(sizeof ring);
  memcpy(CMSG_DATA(first), &ring, sizeof ring);
  (void)!sendmsg(channel, &message, MSG_NOSIGNAL);
  close(ring);
}

static void put_place(int channel,
                      uint16_t type,
                      uint64_t position,
                      uint64_t bytes) {
  const uint64_t place[2] = {position, bytes};
  hostile_put_frame(channel, (uint16_t)(type | IN_RING), place, sizeof place);
}

void offer_hostile_ring(int channel, const char* act) {
  if (strncmp(act, "ring_", 5) != 0) return;
  if (strcmp(act, "ring_missing") == 0) {
    put_place(channel, TYPE_ROOM, 0, 0);
    return;
  }
  const bool is_short = strcmp(act, "ring_short") == 0;
  const bool is_open = strcmp(act, "ring_unsealed") == 0;
  offer(channel, is_short ? 4096 : FILE_BYTES, is_open ? 0 : SEALS);
  if (strcmp(act, "ring_twice") == 0) offer(channel, FILE_BYTES, SEALS);
  if (strcmp(act, "ring_beyond") == 0) {
    put_place(channel, TYPE_ROOM, RING_BYTES - 64, 65);
  }
  if (strcmp(act, "ring_huge") == 0) {
    put_place(channel, TYPE_ROOM, 0, 1ull << 63);
  }
  if (strcmp(act, "ring_payload") == 0) put_place(channel, TYPE_LISTEN, 0, 2);
  if (strcmp(act, "ring_again") == 0) {
    put_place(channel, TYPE_ROOM, 64, 64);
    put_place(channel, TYPE_ROOM, 0, 64);
  }
}
