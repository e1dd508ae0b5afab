// ServedRoot: the folder that is served, and the only way to open what is in
// it.
//
// Paths are resolved by openat2(2) with RESOLVE_BENEATH: whatever a path or a
// symbolic link says, the kernel does not leave the folder, and it is the
// folder that was opened at start, though it be renamed since. Symbolic links
// that stay inside are followed; absolute ones and those that lead out are
// refused. Opening never waits: a FIFO or a device is opened without blocking,
// and closed as neither file nor folder.
//
// Thread safety: Open from any thread.
//
//   sdk::Result<ServedRoot> root = ServedRoot::At("/srv/www");
//   Opened opened = root->Open("a/b.txt");
//   if (opened.kind == Opened::Kind::kFile) Send(opened.fd, opened.size());
#ifndef PLUGINS_STATIC_FILES_SERVED_ROOT_H_
#define PLUGINS_STATIC_FILES_SERVED_ROOT_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "plugins/sdk/descriptor.h"
#include "plugins/sdk/result.h"

namespace cluster::static_files {

struct Opened {
  enum class Kind : uint8_t { kNothing, kFile, kDirectory };

  Kind kind = Kind::kNothing;
  // Why nothing: 404 it is not there, or neither file nor folder; 403 not
  // allowed; 503 no descriptor or memory left; 500 anything else.
  int refusal = 0;
  sdk::Descriptor fd;  // for reading
  struct stat stat = {};

  uint64_t size() const { return static_cast<uint64_t>(stat.st_size); }
};

class ServedRoot {
 public:
  // Errors: CLUSTER_E_CONFIG: `path` cannot be served; the message says why.
  static sdk::Result<ServedRoot> At(const std::string& path);

  // Opens what `path` names; it has no slash at either end, "" is the root.
  Opened Open(const std::string& path) const;

 private:
  explicit ServedRoot(sdk::Descriptor root) : root_(std::move(root)) {}

  sdk::Descriptor root_;  // O_PATH
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_SERVED_ROOT_H_
