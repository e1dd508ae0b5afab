// kTable and MakeEntry: the constants by which a host finds the code of a
// plugin, from its class and its options. Include plugins/sdk/worker.h instead.
#ifndef PLUGINS_SDK_PLUGIN_ENTRY_H_
#define PLUGINS_SDK_PLUGIN_ENTRY_H_

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/instance.h"
#include "plugins/sdk/plugin_options.h"
#include "plugins/sdk/service_ids.h"

namespace cluster::sdk {

// The table of a plugin whose worker is T, for tests that call it.
template <typename T, OnException kOnException = OnException::kEndConnection>
inline constexpr cluster_worker_plugin kTable =
    internal::MakeTable<T, kOnException>();

namespace internal {

template <typename T, const PluginOptions& kOptions>
inline constexpr auto kRequiredServices = RequiredServices<T>(kOptions);

template <const PluginOptions& kOptions>
inline constexpr auto kOptionalServices = OptionalServices(kOptions);

template <typename T, const PluginOptions& kOptions>
consteval cluster_plugin_entry_t MakeEntry() {
  cluster_plugin_entry_t entry = {};
  entry.magic = CLUSTER_PLUGIN_MAGIC;
  entry.size = sizeof(entry);
  entry.kind = CLUSTER_PLUGIN_KIND_WORKER;
  entry.abi_major = CLUSTER_ABI_MAJOR;
  entry.abi_minor = CLUSTER_ABI_MINOR;
  entry.abi_minor_min = kOptions.abi_minor_min;
  entry.name = kOptions.name;
  entry.version = kOptions.version;
  entry.required_services = kRequiredServices<T, kOptions>.data();
  entry.optional_services = kOptionalServices<kOptions>.data();
  entry.table = &kTable<T, kOptions.on_exception>;
  return entry;
}

}  // namespace internal

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_PLUGIN_ENTRY_H_
