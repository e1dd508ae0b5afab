// PluginOptions: what a plugin says of itself, by the second argument of
// CLUSTER_PLUGIN (plugins/sdk/worker.h).
//
// Thread safety: plain values.
//
//   CLUSTER_PLUGIN(Cache,
//                  {.name = "cache",
//                   .version = "1.0",
//                   .required_services = {CLUSTER_SERVICE_MESSAGE_V1}});
#ifndef PLUGINS_SDK_PLUGIN_OPTIONS_H_
#define PLUGINS_SDK_PLUGIN_OPTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "plugins/abi/cluster_plugin.h"

namespace cluster::sdk {

// What an exception costs that a callback lets out, once the worker is started.
enum class OnException : uint8_t {
  // What it was for: OnConnection's connection is closed, a watch ends and with
  // it the connection that it was made for, the rest goes on. A line in the log
  // says what was thrown.
  kEndConnection,
  // The worker, with exit code 68: the host starts another, within its restart
  // intensity. For a plugin that cannot know what state it was left in. The
  // log has what was thrown as the worker's last line of standard error.
  kEndWorker,
};

// That a plugin may name, required and optional, each.
inline constexpr size_t kMaxServices = 8;

struct PluginOptions {
  const char* name = "";     // at most 47 bytes
  const char* version = "";  // at most 23 bytes
  // Beyond those the SDK itself needs: loop, connection, config and log, and
  // embedding for a worker with a loop of its own.
  std::array<const char*, kMaxServices> required_services = {};
  // What it can use and can do without; a host that lacks one says so once.
  std::array<const char*, kMaxServices> optional_services = {};
  // The oldest minor of the ABI that it can do with. The SDK can do with 0.1:
  // what a host lacks does nothing.
  uint32_t abi_minor_min = CLUSTER_ABI_OLDEST_MINOR;
  // What create and start throw always fails them.
  OnException on_exception = OnException::kEndConnection;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_PLUGIN_OPTIONS_H_
