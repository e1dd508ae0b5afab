// Options: what --set tells static_files. README.md has the table for users.
//
// Thread safety: plain values.
//
//   sdk::Result<Options> options = ParseOptions({{"root", "/srv/www"}});
#ifndef PLUGINS_STATIC_FILES_OPTIONS_H_
#define PLUGINS_STATIC_FILES_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/sdk/result.h"

namespace cluster::static_files {

struct Options {
  std::string root;  // as typed
  std::string index = "index.html";
  bool listing = false;
  bool precompressed = false;
  std::optional<uint32_t> max_age_s;
  uint32_t keepalive_timeout_s = 60;
  uint32_t header_timeout_s = 10;
  uint32_t send_timeout_s = 60;
};

using Setting = std::pair<std::string_view, std::string_view>;

// Returns the options that `settings` make.
//   CLUSTER_E_CONFIG  a key that is not known, a value that is not possible, no
//                     root; the message says what would be right
sdk::Result<Options> ParseOptions(const std::vector<Setting>& settings);

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_OPTIONS_H_
