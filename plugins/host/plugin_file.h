// What a plugin's file says about itself, read without loading it.
//
// The primary and the tools use it to refuse a file before a worker is started
// for it, with one line that says what is wrong and what to do. The file is
// hostile input: every number in it is checked against the bytes there are, and
// no code of it runs. What is read is what the dynamic loader reads (segments
// and the dynamic table), so a file without section headers reads the same.
//
// Thread safety: free functions, safe from any thread.
//
//   absl::StatusOr<PluginInfo> info = ReadPluginFile("plugins/echo/echo.so");
//   if (!info.ok()) return info.status();
#ifndef PLUGINS_HOST_PLUGIN_FILE_H_
#define PLUGINS_HOST_PLUGIN_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster {

// What a plugin says about itself. Text comes from the file's note and is empty
// when there is none; it is printable ASCII ('?' stands for any other byte).
struct PluginInfo {
  std::string name;
  std::string version;
  std::string compiler;
  std::vector<std::string> required_services;
  std::vector<std::string> optional_services;
  std::string build_id;  // lower-case hexadecimal; empty: the linker gave none
  uint32_t kind = 0;     // CLUSTER_PLUGIN_KIND_*
  uint32_t abi_major = 0;
  uint32_t abi_minor = 0;      // what it was built for
  uint32_t abi_minor_min = 0;  // the oldest it can run on
  uint32_t entry_size = 0;     // bytes
  bool has_note = false;
  bool needs_asan = false;  // only loads into a process with that runtime
  bool needs_tsan = false;
};

// What a host can run. The default is this build.
struct HostAbi {
  static HostAbi OfThisBuild();

  uint32_t abi_major = 0;
  uint32_t abi_minor = 0;
  uint32_t abi_minor_min =
      0;  // the oldest minor that a plugin may be built for
  bool has_asan = false;
  bool has_tsan = false;
};

// Returns the whole contents of the file behind `fd` (borrowed), whatever the
// descriptor's offset is.
//   kInvalidArgument  not a regular file; over 1 GiB
//   others            the system's reason
absl::StatusOr<std::vector<std::byte>> ReadPluginBytes(int fd,
                                                       absl::string_view path);

// Reads the plugin in `file`, the whole contents of a file. `path` is only used
// in messages.
//   kInvalidArgument  not a plugin for this machine, or damaged
absl::StatusOr<PluginInfo> ParsePlugin(std::span<const std::byte> file,
                                       absl::string_view path);

// Says whether a host can run the plugin.
//   kFailedPrecondition  it cannot; the message says what the host would have
//                        to be, or how to rebuild the plugin
absl::Status CheckCompatible(const PluginInfo& info,
                             absl::string_view path,
                             const HostAbi& host = HostAbi::OfThisBuild());

// Reads the plugin that `fd` (borrowed) refers to, from its first byte whatever
// the descriptor's offset is, and says no more than what the file says, as
// ParsePlugin does: for tools that show plugins of other hosts.
//   kInvalidArgument  as ParsePlugin; not a regular file; over 1 GiB
//   others            the system's reason
absl::StatusOr<PluginInfo> InspectPluginFile(int fd, absl::string_view path);

// Reads the plugin and checks that this build can run it: InspectPluginFile,
// then CheckCompatible. The second form opens `path`.
absl::StatusOr<PluginInfo> ReadPluginFile(int fd, absl::string_view path);
absl::StatusOr<PluginInfo> ReadPluginFile(const std::string& path);

}  // namespace cluster

#endif  // PLUGINS_HOST_PLUGIN_FILE_H_
