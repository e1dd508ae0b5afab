#include "ipc/fd_passing.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "core/base/errno_status.h"
#include "ipc/frame.h"

namespace cluster {
namespace {

// Room for the other control messages a socket may be asked to add
// (SO_PASSCRED, SO_PASSSEC, SO_TIMESTAMP): without it they would push out
// descriptors.
constexpr size_t kOtherControlBytes = 512;

constexpr size_t kFdControlBytes = CMSG_SPACE(kMaxFrameFds * sizeof(int));

void AttachFds(std::span<const int> fds, std::byte* control, msghdr* message) {
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(fds.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size_bytes());
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
}

// Moves the descriptors of one control message behind those already in `fds`
// and closes those that do not fit.
void TakeFds(const cmsghdr& header, std::span<int> fds, Received* received) {
  const size_t count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(&header) + i * sizeof(int), sizeof(fd));
    if (received->fd_count < fds.size()) {
      fds[received->fd_count++] = fd;
    } else {
      UniqueFd{fd}.Reset();
      received->fds_truncated = true;
    }
  }
}

}  // namespace

Sent SendGather(int socket,
                std::span<const iovec> parts,
                std::span<const int> fds) {
  if (fds.size() > kMaxFrameFds) return {.error = EINVAL};
  alignas(cmsghdr) std::byte control[kFdControlBytes];
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  if (!fds.empty()) AttachFds(fds, control, &message);
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return {.error = errno};
  return {.bytes = static_cast<size_t>(sent)};
}

int SendMessage(int socket,
                std::span<const std::byte> bytes,
                std::span<const int> fds) {
  const iovec part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  return SendGather(socket, {&part, 1}, fds).error;
}

Received ReceiveMessage(int socket,
                        std::span<std::byte> buffer,
                        std::span<int> fds) {
  // Always the whole room, whatever fits into `fds`: in a smaller one padding
  // could hold one descriptor more than was asked for, and it would leak.
  alignas(cmsghdr) std::byte control[kFdControlBytes + kOtherControlBytes];
  iovec part = {buffer.data(), buffer.size()};
  msghdr message = {};
  ssize_t got;
  do {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return {.error = errno};
  Received received;
  received.bytes = static_cast<size_t>(got);
  received.bytes_truncated = (message.msg_flags & MSG_TRUNC) != 0;
  received.fds_truncated = (message.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      TakeFds(*header, fds, &received);
    }
  }
  return received;
}

absl::StatusOr<std::pair<UniqueFd, UniqueFd>> MakeSocketPair(int type) {
  int fds[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
    return ErrnoStatus("socketpair");
  }
  return std::pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

}  // namespace cluster
