#include "plugins/static_files/served_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cluster::static_files {
namespace {

// EAGAIN: something was renamed on the way and the kernel could not tell
// whether the path had left the folder. It says to try again.
constexpr int kMaxTries = 8;

int OpenBeneath(int root, const char* path) {
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  int fd = -1;
  for (int i = 0; i < kMaxTries; ++i) {
    fd = static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof(how)));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return fd;
}

int StatusFor(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case ENXIO:  // a Unix socket, or a device that is not there
    case ENODEV:
      return 404;
    case EACCES:
    case EPERM:
    case EXDEV:  // out of the root
      return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      return 503;
    default:
      return 500;
  }
}

Opened Refused(int status) {
  Opened opened;
  opened.refusal = status;
  return opened;
}

sdk::Status CannotServe(const std::string& path, int error) {
  return sdk::Status(CLUSTER_E_CONFIG,
                     "cannot serve root=" + path + ": " + std::strerror(error));
}

}  // namespace

sdk::Result<ServedRoot> ServedRoot::At(const std::string& path) {
  sdk::Descriptor root(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return CannotServe(path, errno);
  // Also finds a kernel or a sandbox without openat2(2), now and not later.
  const sdk::Descriptor probe(OpenBeneath(root.fd(), "."));
  if (!probe) return CannotServe(path, errno);
  return ServedRoot(std::move(root));
}

Opened ServedRoot::Open(const std::string& path) const {
  Opened opened;
  opened.fd = sdk::Descriptor(
      OpenBeneath(root_.fd(), path.empty() ? "." : path.c_str()));
  if (!opened.fd) return Refused(StatusFor(errno));
  if (fstat(opened.fd.fd(), &opened.stat) != 0) {
    return Refused(StatusFor(errno));
  }
  if (S_ISREG(opened.stat.st_mode)) {
    opened.kind = Opened::Kind::kFile;
  } else if (S_ISDIR(opened.stat.st_mode)) {
    opened.kind = Opened::Kind::kDirectory;
  } else {
    return Refused(404);
  }
  return opened;
}

}  // namespace cluster::static_files
