#include "tools/bench/servers/fd_batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
  char bytes[CMSG_SPACE(sizeof(int) * FD_BATCH_MAX)];
  struct cmsghdr align;
};

bool fd_batch_send(struct fd_batch* batch, int socket_fd) {
  union control control;
  char byte = 0;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  const size_t size = sizeof(int) * (size_t)batch->count;
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = CMSG_SPACE(size)};
  memset(control.bytes, 0, CMSG_SPACE(size));
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(header), batch->fds, size);
  ssize_t sent;
  do {
    sent = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  for (int i = 0; i < batch->count; i++) close(batch->fds[i]);
  batch->count = 0;
  return sent == 1;
}

bool fd_batch_receive(struct fd_batch* batch, int socket_fd) {
  union control control;
  char byte;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  batch->count = 0;
  ssize_t size;
  do {
    size = recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size != 1) return false;
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_RIGHTS) {
    const size_t bytes = header->cmsg_len - CMSG_LEN(0);
    memcpy(batch->fds, CMSG_DATA(header), bytes);
    batch->count = (int)(bytes / sizeof(int));
  }
  return true;
}
