#include "tests/conformance/sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace cluster {

// What comes, waiting for it; "end" at the end, "nothing" if it takes too long.
std::string Read(int fd) {
  pollfd poll_fd = {fd, POLLIN, 0};
  char text[64] = "";
  if (poll(&poll_fd, 1, 20'000) != 1) return "nothing";
  const ssize_t count = recv(fd, text, sizeof(text), 0);
  return count > 0 ? std::string(text, static_cast<size_t>(count)) : "end";
}

Handle Bound(int type) {
  Handle handle(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(handle.fd(),
                 reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)),
            0);
  if (type == SOCK_STREAM) EXPECT_EQ(listen(handle.fd(), 16), 0);
  return handle;
}

Handle UnixListener() {
  Handle handle(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr autobind = {.sa_family = AF_UNIX, .sa_data = {}};
  EXPECT_EQ(bind(handle.fd(), &autobind, sizeof(autobind.sa_family)), 0);
  EXPECT_EQ(listen(handle.fd(), 16), 0);
  return handle;
}

Handle ConnectTo(const Handle& to) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(getsockname(to.fd(), at, &length), 0);
  const bool is_udp = to.kind() == HandleKind::kUdpSocket;
  Handle handle(socket(address.ss_family,
                       (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
                       0));
  EXPECT_EQ(connect(handle.fd(), at, length), 0);
  return handle;
}

std::pair<Handle, Handle> UnixPair() {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {Handle(fds[0]), Handle(fds[1])};
}

// A socket to pass on, and the one whose owner hears who has it.
std::pair<Handle, Handle> SocketOf(HandleKind kind) {
  if (kind == HandleKind::kUnixSocket) return UnixPair();
  Handle first = kind == HandleKind::kUdpSocket      ? Bound(SOCK_DGRAM)
                 : kind == HandleKind::kUnixListener ? UnixListener()
                                                     : Bound(SOCK_STREAM);
  Handle other = ConnectTo(first);
  if (kind == HandleKind::kTcpSocket) {
    first = Handle(accept4(first.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  if (kind == HandleKind::kUdpSocket) ::send(other.fd(), "x", 1, 0);
  return {std::move(first), std::move(other)};
}

const char* NameOf(HandleKind kind) {
  switch (kind) {
    case HandleKind::kNone:
      return "none";
    case HandleKind::kTcpSocket:
      return "tcp socket";
    case HandleKind::kTcpListener:
      return "tcp listener";
    case HandleKind::kUnixSocket:
      return "unix socket";
    case HandleKind::kUnixListener:
      return "unix listener";
    case HandleKind::kUdpSocket:
      return "udp socket";
    default:
      return "other";
  }
}

// Tells apart what stands behind descriptors.
ino_t IdentityOf(const Handle& handle) {
  struct stat status = {};
  EXPECT_EQ(fstat(handle.fd(), &status), 0);
  return status.st_ino;
}

}  // namespace cluster
