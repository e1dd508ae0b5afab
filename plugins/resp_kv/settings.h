// Settings: what --set says to this plugin.
//
// Thread safety: a plain value.
#ifndef PLUGINS_RESP_KV_SETTINGS_H_
#define PLUGINS_RESP_KV_SETTINGS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "plugins/sdk/result.h"

namespace cluster::resp_kv {

struct Settings {
  using Get = std::function<std::optional<std::string_view>(const char* key)>;

  // Reads them. CLUSTER_E_CONFIG with what would be right, if one is wrong.
  static sdk::Result<Settings> Read(const Get& get);

  uint64_t max_memory_bytes = 0;      // max_memory, of a worker; 0: no limit
  int64_t request_timeout_ms = 1000;  // request_timeout
  uint64_t max_output_bytes = 256ull << 20;  // max_output, of a client
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_SETTINGS_H_
