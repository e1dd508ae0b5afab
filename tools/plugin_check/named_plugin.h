// PathOfPlugin: the plugin that somebody typed, as a path.
//
// Thread safety: a free function, safe from any thread.
#ifndef TOOLS_PLUGIN_CHECK_NAMED_PLUGIN_H_
#define TOOLS_PLUGIN_CHECK_NAMED_PLUGIN_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/statusor.h"
#include "plugins/host/plugin_name.h"

namespace cluster {

// Returns the absolute path of `plugin`, a path from where the command was
// typed (also under `bazel run`), or the name of a plugin that came with the
// host.
//   kNotFound, kInvalidArgument  as FindPlugin
inline absl::StatusOr<std::string> PathOfPlugin(const std::string& plugin) {
  const char* typed_in = std::getenv("BUILD_WORKING_DIRECTORY");
  std::error_code error;
  return FindPlugin(plugin,
                    BundledPluginDirs(),
                    typed_in != nullptr && typed_in[0] == '/'
                        ? std::string(typed_in)
                        : std::filesystem::current_path(error).string());
}

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_NAMED_PLUGIN_H_
