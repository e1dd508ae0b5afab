// The services that a plugin of the SDK names in its entry and its note. Of the
// SDK's own: include plugins/sdk/worker.h instead.
#ifndef PLUGINS_SDK_SERVICE_IDS_H_
#define PLUGINS_SDK_SERVICE_IDS_H_

#include <array>
#include <cstddef>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/plugin_options.h"

namespace cluster::sdk::internal {

// A worker with a loop of its own has a member `Status Run()`.
template <typename T>
concept HasRun = requires(T& worker) { worker.Run(); };

// The ids that plugin T requires; NULL behind the last.
template <typename T>
constexpr auto RequiredServices(const PluginOptions& options) {
  std::array<const char*, kMaxServices + 6> ids = {
      CLUSTER_SERVICE_LOOP_V1,
      CLUSTER_SERVICE_CONNECTION_V1,
      CLUSTER_SERVICE_CONFIG_V1,
      CLUSTER_SERVICE_LOG_V1};
  size_t count = 4;
  if (HasRun<T>) ids[count++] = CLUSTER_SERVICE_EMBEDDING_V1;
  for (const char* id : options.required_services) {
    if (id != nullptr) ids[count++] = id;
  }
  return ids;
}

// Those that it can do without; NULL behind the last.
constexpr auto OptionalServices(const PluginOptions& options) {
  std::array<const char*, kMaxServices + 1> ids = {};
  size_t count = 0;
  for (const char* id : options.optional_services) {
    if (id != nullptr) ids[count++] = id;
  }
  return ids;
}

}  // namespace cluster::sdk::internal

#endif  // PLUGINS_SDK_SERVICE_IDS_H_
