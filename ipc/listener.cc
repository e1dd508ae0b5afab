#include "ipc/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/duplicate_fd.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "ipc/socket_name.h"

namespace cluster {
namespace {

constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
constexpr int kDatagramFlags = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

absl::Status SetFlag(
    int fd, int level, int option, int value, const ListenAddress& address) {
  if (setsockopt(fd, level, option, &value, sizeof(value)) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus("setsockopt", address.text);
}

absl::Status Bind(int fd, const ListenAddress& address) {
  ASSIGN_OR_RETURN(const SocketName name, SocketName::Of(address));
  if (bind(fd, name.sockaddr(), name.length()) == 0) return absl::OkStatus();
  return ErrnoStatus("bind", address.text);
}

// Makes room for a bind that found `path` taken: removes the socket of a dead
// process, and says why nothing else is.
absl::Status RemoveStaleSocket(const ListenAddress& address,
                               const std::string& path) {
  struct stat before;
  if (lstat(path.c_str(), &before) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus("lstat", path);
  }
  if (!S_ISSOCK(before.st_mode)) {
    return ErrnoStatus(EADDRINUSE,
                       "bind",
                       absl::StrCat(address.text,
                                    " (a file that is no socket is there, and "
                                    "is left alone)"));
  }
  const UniqueFd probe(socket(AF_UNIX, kSocketFlags, 0));
  if (!probe) return ErrnoStatus("socket", address.text);
  ASSIGN_OR_RETURN(const SocketName name, SocketName::Of(address));
  // Only a refusal proves that nobody listens: EAGAIN is a full backlog,
  // EPROTOTYPE a socket of another type, EACCES somebody else's.
  if (connect(probe.get(), name.sockaddr(), name.length()) == 0 ||
      errno != ECONNREFUSED) {
    return ErrnoStatus(EADDRINUSE, "bind", address.text);
  }
  struct stat now;
  const bool same = lstat(path.c_str(), &now) == 0 &&
                    now.st_ino == before.st_ino && now.st_dev == before.st_dev;
  if (same && unlink(path.c_str()) != 0) return ErrnoStatus("unlink", path);
  return absl::OkStatus();
}

// Nobody can connect before listen(2): there is no moment with the umask's.
absl::Status Open(const std::string& path, const ListenerOptions& options) {
  const mode_t more =
      (options.readable_all ? 0444 : 0) | (options.writable_all ? 0222 : 0);
  struct stat file;
  if (more == 0 || path.empty()) return absl::OkStatus();
  if (lstat(path.c_str(), &file) != 0) return ErrnoStatus("lstat", path);
  if (chmod(path.c_str(), (file.st_mode & 07777) | more) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus("chmod", path);
}

absl::StatusOr<UniqueFd> OpenUnix(const ListenAddress& address,
                                  const ListenerOptions& options) {
  UniqueFd fd(socket(AF_UNIX, kSocketFlags, 0));
  if (!fd) return ErrnoStatus("socket", address.text);
  absl::Status status = Bind(fd.get(), address);
  const std::string path = SocketPath(address);
  if (ErrnoOf(status) == EADDRINUSE && !path.empty()) {
    RETURN_IF_ERROR(RemoveStaleSocket(address, path));
    status = Bind(fd.get(), address);
  }
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(Open(path, options));
  return fd;
}

absl::StatusOr<UniqueFd> OpenIp(const ListenAddress& address,
                                const ListenerOptions& options) {
  const int family = address.storage.ss_family;
  const bool udp = address.kind == ListenAddress::Kind::kUdp;
  UniqueFd fd(socket(family, udp ? kDatagramFlags : kSocketFlags, 0));
  if (!fd) return ErrnoStatus("socket", address.text);
  if (!udp || options.reuse_address) {
    RETURN_IF_ERROR(SetFlag(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, address));
  }
  if (options.reuse_port) {
    RETURN_IF_ERROR(SetFlag(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, address));
  }
  if (family == AF_INET6) {
    // Said always: the system's default may be either (net.ipv6.bindv6only).
    sockaddr_in6 in6;
    std::memcpy(&in6, &address.storage, sizeof(in6));
    const bool any = IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr) != 0;
    const int only_v6 = any && !options.ipv6_only ? 0 : 1;
    RETURN_IF_ERROR(
        SetFlag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, only_v6, address));
  }
  RETURN_IF_ERROR(Bind(fd.get(), address));
  return fd;
}

ListenAddress AnyHostV4(const ListenAddress& address) {
  sockaddr_in6 in6;
  std::memcpy(&in6, &address.storage, sizeof(in6));
  sockaddr_in in4 = {};
  in4.sin_family = AF_INET;
  in4.sin_port = in6.sin6_port;
  ListenAddress result = address;
  result.any_host = false;
  std::memcpy(&result.storage, &in4, sizeof(in4));
  result.length = sizeof(in4);
  return result;
}

absl::StatusOr<UniqueFd> OpenIpAnyFamily(const ListenAddress& address,
                                         const ListenerOptions& options) {
  absl::StatusOr<UniqueFd> fd = OpenIp(address, options);
  if (fd.ok() || !address.any_host || options.ipv6_only) return fd;
  // How a kernel without IPv6, or one where it is switched off, says so.
  const int error = ErrnoOf(fd.status());
  if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL) return fd;
  return OpenIp(AnyHostV4(address), options);
}

absl::StatusOr<int> SocketOption(int fd,
                                 int option,
                                 const ListenAddress& address) {
  int value = 0;
  socklen_t length = sizeof(value);
  if (getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0) return value;
  if (errno != ENOTSOCK) return ErrnoStatus("getsockopt", address.text);
  return absl::FailedPreconditionError(
      absl::StrCat(address.text, " is not a socket"));
}

absl::StatusOr<UniqueFd> AdoptFd(const ListenAddress& address) {
  ASSIGN_OR_RETURN(const int type, SocketOption(address.fd, SO_TYPE, address));
  ASSIGN_OR_RETURN(const int listening,
                   SocketOption(address.fd, SO_ACCEPTCONN, address));
  ASSIGN_OR_RETURN(const int family,
                   SocketOption(address.fd, SO_DOMAIN, address));
  if (type == SOCK_DGRAM && family != AF_UNIX) {
    ASSIGN_OR_RETURN(const ListenAddress local, LocalAddress(address.fd));
    if (PortOf(local).value_or(0) == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(address.text, " is a UDP socket that is not bound"));
    }
  } else if (type != SOCK_STREAM || listening == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        address.text, " is neither a listening stream socket nor one of UDP"));
  }
  ASSIGN_OR_RETURN(UniqueFd fd, DuplicateFd(address.fd, address.text));
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return ErrnoStatus("fcntl", address.text);
  }
  return fd;
}

}  // namespace

absl::StatusOr<UniqueFd> OpenListener(const ListenAddress& address,
                                      const ListenerOptions& options) {
  if (address.kind == ListenAddress::Kind::kFd) return AdoptFd(address);
  ASSIGN_OR_RETURN(UniqueFd fd,
                   address.kind == ListenAddress::Kind::kUnix
                       ? OpenUnix(address, options)
                       : OpenIpAnyFamily(address, options));
  if (address.kind == ListenAddress::Kind::kUdp) return fd;
  if (listen(fd.get(), options.backlog) != 0) {
    return ErrnoStatus("listen", address.text);
  }
  return fd;
}

void RemoveSocketFile(const ListenAddress& bound) {
  const std::string path = SocketPath(bound);
  struct stat file;
  if (path.empty() || lstat(path.c_str(), &file) != 0) return;
  if (S_ISSOCK(file.st_mode) && file.st_dev == bound.file_device &&
      file.st_ino == bound.file_inode) {
    unlink(path.c_str());
  }
}

}  // namespace cluster
