// Handle: a descriptor on its way to another process, and its sole owner.
//
// What is sent is the other process's: the handle is empty when send() has
// taken the message, and this process's descriptor is closed when the kernel
// has it. With keep_open a copy goes and the handle stays. A message that is
// not taken leaves the handle as it was.
//
// One may get lost on its way: where the receiver, or the primary that passes
// it on, has no descriptor left (RLIMIT_NOFILE), or where a receiver does not
// read: of one worker's handles at most 64 wait for one that stands still, and
// 256 for all. The message comes all the same, with a handle that says lost().
//
// Sockets of every kind, pipes and files can be sent. Both copies are one
// socket: what one reads is gone for the other, shutdown() counts for both, and
// the connection ends when the last copy is closed.
//
// Thread safety: none.
//
//   Handle handle(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
//   worker->send("yours", handle);
//   // handle.fd() is -1 now
#ifndef CORE_CLUSTER_HANDLE_H_
#define CORE_CLUSTER_HANDLE_H_

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"

namespace cluster {

enum class HandleKind {
  kNone,         // there is no descriptor, or none that is open
  kTcpSocket,    // a stream, connected or not
  kTcpListener,  // it listens
  kUnixSocket,   // likewise, of a Unix socket
  kUnixListener,
  kUdpSocket,
  kOther,       // another socket, a pipe or a file
  kUnsendable,  // epoll, an eventfd and the like
};

class Handle {
 public:
  // There is none.
  Handle() = default;
  // Takes ownership; a negative number means none.
  explicit Handle(int fd) : fd_(fd) {}
  explicit Handle(UniqueFd fd) : fd_(std::move(fd)) {}
  // For the library: one that came, or did not arrive.
  static Handle Arrived(UniqueFd fd) {
    Handle handle(std::move(fd));
    handle.lost_ = !handle;
    return handle;
  }

  // -1 if there is none.
  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  // One was sent, and did not arrive: there is none.
  bool lost() const { return lost_; }
  // As the kernel says now.
  HandleKind kind() const;

  // Gives the descriptor, which is close-on-exec if it came by a message, to
  // the caller.
  [[nodiscard]] int release() { return fd_.Release(); }
  void close() { fd_.Reset(); }
  // Another descriptor of the same socket. Errors: the kernel's.
  absl::StatusOr<Handle> copy() const;

 private:
  UniqueFd fd_;
  bool lost_ = false;
};

// The argument of send(): a handle that it may take, or none.
class HandleArgument {
 public:
  HandleArgument() = default;
  HandleArgument(Handle& handle) : handle_(&handle) {}  // NOLINT: an argument
  // It is closed behind the call if it is not taken.
  HandleArgument(Handle&& handle) : handle_(&handle) {}  // NOLINT

  // Moves its descriptor, or with `keep_open` a copy, to `*sent`, which stays
  // empty if there is none.
  //   kInvalidArgument  it is not open, or cannot be sent
  //   the errno's       no descriptor is left for the copy
  absl::Status Take(bool keep_open, UniqueFd* sent);
  // Undoes it: the message was not taken.
  void GiveBack(bool keep_open, UniqueFd sent);

 private:
  Handle* handle_ = nullptr;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_HANDLE_H_
