// Brings a plugin's code into this process. Worker code only: the primary never
// links it.
//
// Thread safety: none needed; a worker loads its plugin on its main thread
// before anything else runs.
// Lifetime: what was loaded stays for the life of the process, also when a
// later check fails; process exit is the unload.
//
//   absl::StatusOr<LoadedPlugin> plugin = LoadPlugin(fd, path, kServices);
//   if (!plugin.ok()) return kWorkerExitPluginIncompatible;
//   plugin->table.create(host, &self, &error);
#ifndef PLUGINS_HOST_PLUGIN_LOADER_H_
#define PLUGINS_HOST_PLUGIN_LOADER_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

struct LoadedPlugin {
  // Copies of the plugin's entry and table. What an older plugin does not have
  // is zero. `create` and `on_connection` are never NULL.
  cluster_plugin_entry_t entry = {};
  cluster_worker_plugin table = {};
};

// Loads the plugin that `pinned_fd` refers to and checks it. `path` is where it
// was found: it is the name the loader gets, so that $ORIGIN and debuggers see
// it, as long as it still is that very file; else the descriptor itself is
// loaded, as /proc/<pid>/fd/N. The descriptor is borrowed, but must stay open
// as long as the process. `services` are the ids this host offers.
//   kFailedPrecondition  the file is not a plugin that this host can run; a
//                        retry fails likewise
//   kAborted             the file at `path` was replaced meanwhile; retry
//   others               the system's reason
absl::StatusOr<LoadedPlugin> LoadPlugin(
    int pinned_fd,
    const std::string& path,
    std::span<const absl::string_view> services);

// Checks the entry of a plugin that is compiled in. `name` stands in messages.
//   kFailedPrecondition  as above
absl::StatusOr<LoadedPlugin> AdoptEntry(
    const cluster_plugin_entry_t* entry,
    absl::string_view name,
    std::span<const absl::string_view> services);

// Says in one line what the plugin could use and this host lacks: optional
// services, a newer ABI. Empty if nothing.
std::string DescribeMissing(const cluster_plugin_entry_t& entry,
                            std::span<const absl::string_view> services);

}  // namespace cluster

#endif  // PLUGINS_HOST_PLUGIN_LOADER_H_
