// Messages with descriptors over a Unix socket (SCM_RIGHTS, unix(7)).
//
// These are the calls of the hand-off path: they allocate nothing, never wait
// and report errno. For a conversation in frames use ipc/unix_channel.h.
//
// Thread safety: the kernel's; each call is one system call on `socket`.
// Lifetime: `socket` and the descriptors to send are borrowed.
//
//   if (const int error = SendMessage(socket, bytes, fds); error != 0) ...
//   const Received got = ReceiveMessage(socket, buffer, fds);
#ifndef IPC_FD_PASSING_H_
#define IPC_FD_PASSING_H_

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"

namespace cluster {

// Sends one message. For SOCK_SEQPACKET, where it goes as a whole or not at
// all. `bytes` is not empty (an empty message reads as the end); at most
// kMaxFrameFds `fds`, which stay the caller's: the kernel has made its own
// copies. Returns 0 or an errno, above all
//   EAGAIN        the socket is full: wait until it can be written
//   EPIPE, ECONNRESET  the peer is gone
//   ETOOMANYREFS  more descriptors under way than RLIMIT_NOFILE: try later
//   EMSGSIZE      larger than the socket's send buffer: never fits
//   EINVAL        more than kMaxFrameFds descriptors
int SendMessage(int socket,
                std::span<const std::byte> bytes,
                std::span<const int> fds);

// `bytes` were taken, or `error` is an errno as above and nothing was.
struct Sent {
  size_t bytes = 0;
  int error = 0;
};

// Sends `parts` one after the other, for SOCK_STREAM: the kernel may take fewer
// bytes than there are. The descriptors go with the first byte, so they are
// sent exactly when `bytes` > 0.
Sent SendGather(int socket,
                std::span<const iovec> parts,
                std::span<const int> fds);

// What one read brought. bytes == 0 and error == 0 is the end of the stream.
struct Received {
  // Bytes in the caller's buffer.
  size_t bytes = 0;
  // Descriptors in the caller's array, close-on-exec and the caller's to close.
  size_t fd_count = 0;
  // Descriptors were lost: more came than the array holds (the rest is closed),
  // or this process is at its RLIMIT_NOFILE.
  bool fds_truncated = false;
  // The rest of a SOCK_SEQPACKET message that is longer than the buffer is
  // lost.
  bool bytes_truncated = false;
  // An errno; EAGAIN when there is nothing to read.
  int error = 0;
};

// Reads one message, or what a stream holds, without waiting. At most
// kMaxFrameFds descriptors come with one read. Other control messages are
// ignored. REQUIRES: `buffer` is not empty.
Received ReceiveMessage(int socket,
                        std::span<std::byte> buffer,
                        std::span<int> fds);

// Makes a connected pair, close-on-exec and non-blocking. `type` is SOCK_STREAM
// or SOCK_SEQPACKET. Fails with the status of socketpair(2).
absl::StatusOr<std::pair<UniqueFd, UniqueFd>> MakeSocketPair(int type);

}  // namespace cluster

#endif  // IPC_FD_PASSING_H_
