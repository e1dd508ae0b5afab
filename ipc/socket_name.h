// SocketName: the address of a Unix socket for bind(2) and connect(2), also of
// a path that is longer than a sockaddr_un can hold: it then goes by a
// descriptor of its directory, in /proc, which is good as long as this lives.
//
// Thread safety: none; plain value.
//
//   ASSIGN_OR_RETURN(const SocketName name, SocketName::Of(address));
//   bind(fd, name.sockaddr(), name.length());
#ifndef IPC_SOCKET_NAME_H_
#define IPC_SOCKET_NAME_H_

#include <sys/socket.h>

#include <utility>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "ipc/address.h"

namespace cluster {

class SocketName {
 public:
  // Of any address but fd:N. With an errno, and "bind" as the call: ENOENT or
  // another of its directory's; ENAMETOOLONG, the part behind the last '/' is
  // too long even so.
  static absl::StatusOr<SocketName> Of(const ListenAddress& address);

  const struct sockaddr* sockaddr() const {
    return reinterpret_cast<const struct sockaddr*>(&storage_);
  }
  socklen_t length() const { return length_; }

 private:
  SocketName(const sockaddr_storage& storage,
             socklen_t length,
             UniqueFd directory = UniqueFd())
      : storage_(storage), length_(length), directory_(std::move(directory)) {}

  sockaddr_storage storage_;
  socklen_t length_;
  UniqueFd directory_;
};

}  // namespace cluster

#endif  // IPC_SOCKET_NAME_H_
