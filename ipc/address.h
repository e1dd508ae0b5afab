// ListenAddress: where to listen, parsed from what a person wrote.
//
//   127.0.0.1:8080  [::1]:8080  localhost:8080   TCP
//   :8080  *:8080  8080                          TCP, every address
//   unix:/run/app.sock  unix:@name               Unix, by path or abstract
//   fd:3                                         inherited, and listening
//   udp:127.0.0.1:53  udp:[::]:53  udp::53       UDP, in the forms of TCP
//
// Every address is [::], for IPv6 and IPv4 both, or 0.0.0.0 where the kernel
// has no IPv6.
//
// Port 0 asks the kernel for a free port; LocalAddress() says which it gave.
//
// Thread safety: plain values and free functions, safe from any thread.
//
//   ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(":8080"));
#ifndef IPC_ADDRESS_H_
#define IPC_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster {

struct ListenAddress {
  enum class Kind { kTcp, kUdp, kUnix, kFd };

  Kind kind = Kind::kTcp;
  // kTcp, kUdp and kUnix: the address and its length in bytes.
  sockaddr_storage storage = {};
  socklen_t length = 0;
  // kUnix, in place of these: a path that is too long for them.
  std::string long_path;
  // kFd, and what BoundAddress() makes of it: the inherited descriptor,
  // borrowed.
  int fd = -1;
  // kTcp and kUdp without a host: `storage` is [::], and 0.0.0.0 will do.
  bool any_host = false;
  // kUnix with a path, from LocalAddress(): the socket file's identity.
  uint64_t file_device = 0;
  uint64_t file_inode = 0;
  // As it was written, for messages.
  std::string text;
};

// Whether a host's name is looked up, which may take as long as the resolver
// does; numbers never wait.
enum class HostNames { kLookUp, kRefuse };

// Parses one address in a form listed above.
//   kInvalidArgument  no such form, a port above 65535, a path too long
//   kNotFound         the host has no address, or is a name and kRefuse is set
//   kUnavailable      the resolver has no answer now
absl::StatusOr<ListenAddress> ParseListenAddress(
    absl::string_view text, HostNames names = HostNames::kLookUp);

// Returns the address in numbers, in a form that ParseListenAddress() takes:
// "[::]:8080", "unix:@name", "fd:3". Bytes of a Unix name that cannot be
// printed are escaped.
std::string ToString(const ListenAddress& address);

// Returns the path of a Unix socket that has one in the file system, else "".
std::string SocketPath(const ListenAddress& address);

// Returns the port of an IP address; none of others.
std::optional<int> PortOf(const ListenAddress& address);

// Returns the address that the socket `fd` (borrowed) is bound to.
//   kInvalidArgument  neither TCP, UDP nor Unix
//   the errno's       getsockname failed
absl::StatusOr<ListenAddress> LocalAddress(int fd);

// The same, of a socket that was opened for `asked`, with what the kernel does
// not know of it: a long path, the inherited descriptor.
absl::StatusOr<ListenAddress> BoundAddress(int fd, const ListenAddress& asked);

}  // namespace cluster

#endif  // IPC_ADDRESS_H_
