// How the name of a plugin on the command line becomes a path.
//
// A bare name ("hello_http") is a plugin that came with the host:
// `plugins/hello_http/hello_http.so` below one of a few directories. A name
// with a '/' or that ends in ".so" is a path.
//
// Thread safety: free functions, safe from any thread.
//
//   PluginDirs dirs = BundledPluginDirs("/usr/bin/cluster", "");
//   absl::StatusOr<std::string> path = FindPlugin("hello_http", dirs, cwd);
#ifndef PLUGINS_HOST_PLUGIN_NAME_H_
#define PLUGINS_HOST_PLUGIN_NAME_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster {

using PluginDirs = std::vector<std::string>;

// Returns the directories below which bundled plugins may lie, best first:
// beside the host's binary (its runfiles, the root of the build tree that it is
// in) and where an installed one has them (`../lib/cluster`). Touches no disk.
// `host_binary` is absolute. `runfiles_dir` is the value of $RUNFILES_DIR or
// $TEST_SRCDIR, or empty.
PluginDirs BundledPluginDirs(absl::string_view host_binary,
                             absl::string_view runfiles_dir);

// The same for the running program: /proc/self/exe and the environment.
PluginDirs BundledPluginDirs();

// Returns the names of the bundled plugins, sorted, each once.
std::vector<std::string> ListBundledPlugins(const PluginDirs& dirs);

// Returns the absolute path of the plugin called `name`. A relative path starts
// at `working_dir` (absolute), not where this process happens to be.
//   kNotFound         no such file; the message lists the bundled plugins
//                     and offers the one of the nearest name
//   kInvalidArgument  the name is empty
//   with an errno     the kernel's: nobody can tell whether there is one
absl::StatusOr<std::string> FindPlugin(absl::string_view name,
                                       const PluginDirs& dirs,
                                       absl::string_view working_dir);

}  // namespace cluster

#endif  // PLUGINS_HOST_PLUGIN_NAME_H_
