#include "ipc/address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

constexpr char kForms[] =
    "expected host:port, [ipv6]:port, :port, port, unix:/path, unix:@name, "
    "fd:number or udp: before host:port";
constexpr size_t kSunPathBytes = sizeof(sockaddr_un::sun_path);
constexpr socklen_t kUnixPrefix = offsetof(sockaddr_un, sun_path);

template <class T>
T SockaddrAs(const ListenAddress& address) {
  T result;
  std::memcpy(&result, &address.storage, sizeof(result));
  return result;
}

void SetSockaddr(const void* sockaddr, size_t length, ListenAddress* address) {
  std::memcpy(&address->storage, sockaddr, length);
  address->length = static_cast<socklen_t>(length);
}

absl::Status Invalid(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("listen address '", absl::CHexEscape(text), "': ", why));
}

// Digits only: SimpleAtoi() alone also takes signs and spaces.
std::optional<int> ParseNumber(absl::string_view digits, int max) {
  int number = 0;
  const bool all_digits =
      std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit);
  if (!all_digits || !absl::SimpleAtoi(digits, &number) || number > max) {
    return std::nullopt;
  }
  return number;
}

absl::StatusOr<ListenAddress> ParseUnix(absl::string_view text,
                                        absl::string_view name) {
  if (name.empty() || name == "@") return Invalid(text, "the name is empty");
  if (absl::StrContains(name, '\0')) return Invalid(text, "a NUL in the name");
  const bool abstract = name.front() == '@';
  const size_t most = abstract ? kSunPathBytes - 1 : PATH_MAX - 1;
  if (name.size() > most) {
    return Invalid(text,
                   absl::StrCat("the name has ",
                                name.size(),
                                " bytes, and ",
                                most,
                                " are the most"));
  }
  ListenAddress address;
  address.kind = ListenAddress::Kind::kUnix;
  // A path ends with a NUL; the '@' of an abstract name becomes one.
  if (name.size() >= kSunPathBytes) {
    address.long_path = std::string(name);
    return address;
  }
  sockaddr_un un = {};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, name.data(), name.size());
  if (abstract) un.sun_path[0] = '\0';
  SetSockaddr(&un, kUnixPrefix + name.size() + (abstract ? 0 : 1), &address);
  return address;
}

absl::StatusOr<ListenAddress> ParseFd(absl::string_view text,
                                      absl::string_view digits) {
  const std::optional<int> fd =
      ParseNumber(digits, std::numeric_limits<int>::max());
  if (!fd) return Invalid(text, "fd: needs a number, as in fd:3");
  ListenAddress address;
  address.kind = ListenAddress::Kind::kFd;
  address.fd = *fd;
  return address;
}

ListenAddress AnyHost(uint16_t port) {
  sockaddr_in6 in6 = {};
  in6.sin6_family = AF_INET6;
  in6.sin6_addr = in6addr_any;
  in6.sin6_port = htons(port);
  ListenAddress address;
  address.any_host = true;
  SetSockaddr(&in6, sizeof(in6), &address);
  return address;
}

// Numbers first: they must not wait for a resolver.
int Resolve(const std::string& host,
            const std::string& port,
            HostNames names,
            addrinfo** found) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, found);
  if (error == 0 || names == HostNames::kRefuse) return error;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  return getaddrinfo(host.c_str(), port.c_str(), &hints, found);
}

absl::StatusOr<ListenAddress> ParseHost(absl::string_view text,
                                        absl::string_view host,
                                        int port,
                                        HostNames names) {
  addrinfo* found = nullptr;
  const int error =
      Resolve(std::string(host), absl::StrCat(port), names, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found,
                                                             freeaddrinfo);
  if (error == EAI_AGAIN) {
    return absl::UnavailableError(
        absl::StrCat("listen address '", text, "': ", gai_strerror(error)));
  }
  if (error != 0) {
    return absl::NotFoundError(absl::StrCat("listen address '",
                                            absl::CHexEscape(text),
                                            "': no address for the host: ",
                                            gai_strerror(error)));
  }
  ListenAddress address;
  SetSockaddr(found->ai_addr, found->ai_addrlen, &address);
  return address;
}

// Parses `rest`, a part of `text`.
absl::StatusOr<ListenAddress> ParseTcp(absl::string_view text,
                                       absl::string_view rest,
                                       HostNames names) {
  if (absl::StartsWith(rest, "[") && !absl::StrContains(rest, ']')) {
    return Invalid(text, "a \"]\" is missing, as in [::1]:80");
  }
  const size_t colon = rest.rfind(':');
  const bool bare = colon == absl::string_view::npos;
  absl::string_view host = bare ? "" : rest.substr(0, colon);
  const absl::string_view port_text = bare ? rest : rest.substr(colon + 1);
  const std::optional<int> port = ParseNumber(port_text, 65535);
  if (!port) {
    return Invalid(text, absl::StrCat("no port from 0 to 65535; ", kForms));
  }
  if (host.empty() || host == "*") return AnyHost(*port);
  const bool bracketed =
      absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (absl::StrContains(host, ':') != bracketed || host.empty() ||
      host.find_first_of(absl::string_view("[]/ \0", 5)) != host.npos) {
    return Invalid(text, absl::StrCat("no host; ", kForms));
  }
  return ParseHost(text, host, *port, names);
}

absl::StatusOr<ListenAddress> ParseAnyForm(absl::string_view text,
                                           HostNames names) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) return ParseUnix(text, rest);
  if (absl::ConsumePrefix(&rest, "fd:")) return ParseFd(text, rest);
  const bool udp = absl::ConsumePrefix(&rest, "udp:");
  ASSIGN_OR_RETURN(ListenAddress address, ParseTcp(text, rest, names));
  if (udp) address.kind = ListenAddress::Kind::kUdp;
  return address;
}

std::string TcpToString(const ListenAddress& address) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  const auto* sockaddr =
      reinterpret_cast<const struct sockaddr*>(&address.storage);
  if (getnameinfo(sockaddr,
                  address.length,
                  host,
                  sizeof(host),
                  port,
                  sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown";
  }
  if (address.storage.ss_family == AF_INET6) {
    return absl::StrCat("[", host, "]:", port);
  }
  return absl::StrCat(host, ":", port);
}

std::string UnixToString(const ListenAddress& address) {
  const std::string path = SocketPath(address);
  if (!path.empty()) return absl::StrCat("unix:", absl::CHexEscape(path));
  if (address.length <= kUnixPrefix) return "unix:";
  const sockaddr_un un = SockaddrAs<sockaddr_un>(address);
  const absl::string_view name(un.sun_path + 1,
                               address.length - kUnixPrefix - 1);
  return absl::StrCat("unix:@", absl::CHexEscape(name));
}

// Remembers which file the socket is, so that no other is ever removed for it.
void IdentifyFile(ListenAddress* address) {
  const std::string path = SocketPath(*address);
  struct stat file;
  if (path.empty() || lstat(path.c_str(), &file) != 0) return;
  address->file_device = file.st_dev;
  address->file_inode = file.st_ino;
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text,
                                                 HostNames names) {
  ASSIGN_OR_RETURN(ListenAddress address, ParseAnyForm(text, names));
  address.text = std::string(text);
  return address;
}

std::string ToString(const ListenAddress& address) {
  switch (address.kind) {
    case ListenAddress::Kind::kTcp:
      return TcpToString(address);
    case ListenAddress::Kind::kUdp:
      return absl::StrCat("udp:", TcpToString(address));
    case ListenAddress::Kind::kUnix:
      return UnixToString(address);
    case ListenAddress::Kind::kFd:
      return absl::StrCat("fd:", address.fd);
  }
  return "unknown";
}

std::string SocketPath(const ListenAddress& address) {
  if (address.kind != ListenAddress::Kind::kUnix) return "";
  if (!address.long_path.empty()) return address.long_path;
  if (address.length <= kUnixPrefix) return "";
  const sockaddr_un un = SockaddrAs<sockaddr_un>(address);
  return std::string(un.sun_path, strnlen(un.sun_path, kSunPathBytes));
}

std::optional<int> PortOf(const ListenAddress& address) {
  if (address.storage.ss_family == AF_INET) {
    return ntohs(SockaddrAs<sockaddr_in>(address).sin_port);
  }
  if (address.storage.ss_family == AF_INET6) {
    return ntohs(SockaddrAs<sockaddr_in6>(address).sin6_port);
  }
  return std::nullopt;
}

absl::StatusOr<ListenAddress> BoundAddress(int fd, const ListenAddress& asked) {
  ASSIGN_OR_RETURN(ListenAddress bound, LocalAddress(fd));
  bound.fd = asked.fd;
  // Its file is for whoever made it.
  if (asked.fd >= 0) bound.file_device = bound.file_inode = 0;
  if (asked.long_path.empty()) return bound;
  // The kernel knows it by a name that was good while it was bound.
  bound.long_path = asked.long_path;
  bound.text = ToString(bound);
  IdentifyFile(&bound);
  return bound;
}

absl::StatusOr<ListenAddress> LocalAddress(int fd) {
  ListenAddress address;
  address.length = sizeof(address.storage);
  auto* sockaddr = reinterpret_cast<struct sockaddr*>(&address.storage);
  if (getsockname(fd, sockaddr, &address.length) != 0) {
    return ErrnoStatus("getsockname", absl::StrCat("fd ", fd));
  }
  int type = SOCK_STREAM;
  socklen_t size = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return ErrnoStatus("getsockopt", absl::StrCat("fd ", fd));
  }
  if (type == SOCK_DGRAM) address.kind = ListenAddress::Kind::kUdp;
  const sa_family_t family = address.storage.ss_family;
  if (family == AF_UNIX) {
    address.kind = ListenAddress::Kind::kUnix;
    IdentifyFile(&address);
  } else if (family != AF_INET && family != AF_INET6) {
    return absl::InvalidArgumentError(absl::StrCat(
        "fd ", fd, " is of address family ", family, ", not IP or Unix"));
  }
  address.text = ToString(address);
  return address;
}

}  // namespace cluster
