#define _GNU_SOURCE

#include "tests/plugins/hostile_channel.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct hostile_header hostile_header_of(uint16_t type, uint64_t payload_bytes) {
  const struct hostile_header header = {
      0x52464c43, 1, type, 0, 0, payload_bytes};
  return header;
}

bool hostile_put(int channel, const void* bytes, size_t size) {
  const char* at = bytes;
  while (size > 0) {
    struct pollfd writable = {channel, POLLOUT, 0};
    poll(&writable, 1, -1);
    const ssize_t n = send(channel, at, size, MSG_NOSIGNAL);
    if (n < 0) return false;
    at += n;
    size -= (size_t)n;
  }
  return true;
}

bool hostile_put_frame(int channel,
                       uint16_t type,
                       const void* payload,
                       size_t size) {
  const struct hostile_header header = hostile_header_of(type, size);
  return hostile_put(channel, &header, sizeof header) &&
         hostile_put(channel, payload, size);
}

bool hostile_put_descriptors(int channel,
                             uint16_t type,
                             uint32_t announced,
                             int came,
                             const void* payload,
                             size_t size) {
  struct hostile_header header = hostile_header_of(type, size);
  header.fd_count = announced;
  struct iovec part = {&header, sizeof header};
  _Alignas(struct cmsghdr) char
      control[CMSG_SPACE(HOSTILE_MOST_DESCRIPTORS * sizeof(int))];
  int fds[HOSTILE_MOST_DESCRIPTORS];
  const size_t bytes = (size_t)came * sizeof fds[0];
  for (int i = 0; i < came; ++i) fds[i] = STDERR_FILENO;
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = CMSG_SPACE(bytes)};
  struct cmsghdr* first = CMSG_FIRSTHDR(&message);
  first->cmsg_level = SOL_SOCKET;
  first->cmsg_type = SCM_RIGHTS;
  first->cmsg_len = CMSG_LEN(bytes);
  memcpy(CMSG_DATA(first), fds, bytes);
  struct pollfd writable = {channel, POLLOUT, 0};
  poll(&writable, 1, -1);
  return sendmsg(channel, &message, MSG_NOSIGNAL) == sizeof header &&
         hostile_put(channel, payload, size);
}
