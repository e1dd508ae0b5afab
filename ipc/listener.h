// Listeners: bound, listening stream sockets, and bound datagram sockets,
// opened from a ListenAddress.
//
// Thread safety: free functions, safe from any thread. Two processes that open
// the same stale Unix path at one moment may both believe to have it; hold a
// lock of your own if that can happen.
//
//   ASSIGN_OR_RETURN(UniqueFd fd, OpenListener(address));
//   ASSIGN_OR_RETURN(ListenAddress bound, BoundAddress(fd.get(), address));
//   ...
//   RemoveSocketFile(bound);  // and only then close it
#ifndef IPC_LISTENER_H_
#define IPC_LISTENER_H_

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "ipc/address.h"

namespace cluster {

struct ListenerOptions {
  // The kernel's queue of connections that nobody has accepted, as listen(2).
  int backlog = 511;
  // [::] takes no IPv4.
  bool ipv6_only = false;
  // Other sockets with this option may bind the port, too (SO_REUSEPORT).
  bool reuse_port = false;
  // The same of datagram sockets: the last gets all (SO_REUSEADDR).
  bool reuse_address = false;
  // All users may read from, write to the socket's file: more than the umask
  // leaves.
  bool readable_all = false;
  bool writable_all = false;
};

// Opens a listening socket, non-blocking and close-on-exec. [::] takes IPv4
// too; SO_REUSEADDR is set for TCP (for UDP it would let others take the port).
// For a Unix path:
//   - the socket file of a dead process is removed, after connect(2) to it was
//     refused; a live one and any other file are never touched
//   - one that is longer than sun_path is reached by its directory's
//     descriptor: its last part has to fit, else ENAMETOOLONG from bind
// and for fd:N a duplicate of N is returned, which shares its non-blocking mode
// with it; N stays open and the caller's.
//   the errno's          a call failed, and SyscallOf() names it: taken is
//                        EADDRINUSE from bind or listen; EACCES from bind;
//                        EBADF from fd:N
//   kFailedPrecondition  fd:N is neither a listening stream socket nor a
//                        bound one of UDP
absl::StatusOr<UniqueFd> OpenListener(const ListenAddress& address,
                                      const ListenerOptions& options = {});

// Removes the file of our own Unix socket. `bound` is what BoundAddress() said
// when the socket had been opened: a file that is another one by now stays, and
// an address without a file is fine. REQUIRES: the socket is open still, here
// or elsewhere; once it is not, a successor's file may have its inode.
void RemoveSocketFile(const ListenAddress& bound);

}  // namespace cluster

#endif  // IPC_LISTENER_H_
