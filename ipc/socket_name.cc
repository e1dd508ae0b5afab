#include "ipc/socket_name.h"

#include <fcntl.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"

namespace cluster {

absl::StatusOr<SocketName> SocketName::Of(const ListenAddress& address) {
  if (address.long_path.empty()) {
    return SocketName(address.storage, address.length);
  }
  const std::string& path = address.long_path;
  const size_t slash = path.rfind('/');
  const bool here = slash == std::string::npos;
  UniqueFd directory(open(here ? "." : path.substr(0, slash + 1).c_str(),
                          O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return ErrnoStatus("bind", address.text);
  const std::string reached =
      absl::StrCat("/proc/self/fd/",
                   directory.get(),
                   "/",
                   here ? path : path.substr(slash + 1));
  sockaddr_un un = {};
  un.sun_family = AF_UNIX;
  if (reached.size() >= sizeof(un.sun_path)) {
    return ErrnoStatus(ENAMETOOLONG, "bind", address.text);
  }
  std::memcpy(un.sun_path, reached.data(), reached.size());
  sockaddr_storage storage = {};
  std::memcpy(&storage, &un, sizeof(un));
  return SocketName(storage, sizeof(un), std::move(directory));
}

}  // namespace cluster
