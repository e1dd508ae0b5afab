#include "core/cluster/handle.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

// -1 if it is no socket.
int OptionOf(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

}  // namespace

HandleKind Handle::kind() const {
  struct stat status = {};
  if (!fd_ || fstat(fd_.get(), &status) != 0) return HandleKind::kNone;
  // Anonymous inodes have no type; the kernel passes not all of them.
  if ((status.st_mode & S_IFMT) == 0) return HandleKind::kUnsendable;
  const int domain = OptionOf(fd_.get(), SO_DOMAIN);
  const int type = OptionOf(fd_.get(), SO_TYPE);
  const bool listens = OptionOf(fd_.get(), SO_ACCEPTCONN) == 1;
  const bool is_inet = domain == AF_INET || domain == AF_INET6;
  if (type == SOCK_STREAM && is_inet) {
    return listens ? HandleKind::kTcpListener : HandleKind::kTcpSocket;
  }
  if (type == SOCK_STREAM && domain == AF_UNIX) {
    return listens ? HandleKind::kUnixListener : HandleKind::kUnixSocket;
  }
  if (type == SOCK_DGRAM && is_inet) return HandleKind::kUdpSocket;
  return HandleKind::kOther;
}

absl::StatusOr<Handle> Handle::copy() const {
  UniqueFd fd(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return ErrnoStatus("fcntl", "copy of a handle");
  return Handle(std::move(fd));
}

absl::Status HandleArgument::Take(bool keep_open, UniqueFd* sent) {
  if (handle_ == nullptr || !*handle_) return absl::OkStatus();
  const HandleKind kind = handle_->kind();
  if (kind == HandleKind::kNone || kind == HandleKind::kUnsendable) {
    return absl::InvalidArgumentError(absl::StrCat(
        "descriptor ",
        handle_->fd(),
        kind == HandleKind::kNone ? " is not open" : " cannot be sent"));
  }
  if (!keep_open) {
    sent->Reset(handle_->release());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Handle copy, handle_->copy());
  sent->Reset(copy.release());
  return absl::OkStatus();
}

void HandleArgument::GiveBack(bool keep_open, UniqueFd sent) {
  if (!keep_open && sent) *handle_ = Handle(std::move(sent));
}

}  // namespace cluster
