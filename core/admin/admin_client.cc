#include "core/admin/admin_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "ipc/address.h"
#include "ipc/archive.h"
#include "ipc/socket_name.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

absl::StatusOr<UniqueFd> Connect(const std::string& path) {
  ASSIGN_OR_RETURN(const ListenAddress address,
                   ParseListenAddress(absl::StrCat("unix:", path)));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return ErrnoStatus("socket", path);
  ASSIGN_OR_RETURN(const SocketName name, SocketName::Of(address));
  if (connect(fd.get(), name.sockaddr(), name.length()) != 0) {
    return ErrnoStatus("connect", path);
  }
  return fd;
}

// The host has closed.
bool IsGone(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return absl::IsOutOfRange(status) || error == EPIPE || error == ECONNRESET;
}

absl::Status AwaitReadable(int fd, absl::Time deadline) {
  pollfd one = {.fd = fd, .events = POLLIN, .revents = 0};
  const int64_t left_ms = std::clamp<int64_t>(
      absl::ToInt64Milliseconds(deadline - absl::Now()), 0, 1 << 30);
  const int ready = poll(&one, 1, static_cast<int>(left_ms));
  if (ready == 0)
    return absl::DeadlineExceededError("the host does not answer");
  if (ready < 0 && errno != EINTR) return ErrnoStatus("poll");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AdminReply> AskHost(const std::string& path,
                                   const AdminRequest& request,
                                   absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  ASSIGN_OR_RETURN(UniqueFd socket, Connect(path));
  UnixChannel channel(std::move(socket));
  channel.Send(kAdminRequestFrame, Encode(request));
  // A host that closes without a look at the request may have said why.
  if (const absl::Status sent = channel.Flush(); !sent.ok() && !IsGone(sent)) {
    return sent;
  }
  std::optional<absl::StatusOr<AdminReply>> reply;
  while (!reply.has_value()) {
    RETURN_IF_ERROR(AwaitReadable(channel.fd(), deadline));
    const absl::Status status = channel.OnReadable([&](Frame frame) {
      if (frame.type == kAdminReplyFrame) {
        reply = Decode<AdminReply>(frame.payload);
      } else {
        reply = absl::DataLossError("what came is no answer");
      }
    });
    if (reply.has_value()) break;
    if (IsGone(status)) {
      return absl::UnavailableError(
          "the host closed without an answer: it may belong to another user, "
          "or be shutting down");
    }
    RETURN_IF_ERROR(status);
  }
  return *std::move(reply);
}

}  // namespace cluster
