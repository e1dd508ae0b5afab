// SetOptions: what may follow SET key value.
//
// Thread safety: a plain value.
#ifndef PLUGINS_RESP_KV_SET_OPTIONS_H_
#define PLUGINS_RESP_KV_SET_OPTIONS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plugins/resp_kv/store.h"

namespace cluster::resp_kv {

struct SetOptions {
  int64_t expires_ms = Store::kNever;  // EX, PX
  bool only_absent = false;            // NX
  bool only_present = false;           // XX
  bool get = false;
  bool keep_ttl = false;

  // Whether the outcome depends on what was there.
  bool needs_old() const {
    return only_absent || only_present || get || keep_ttl;
  }
};

// Reads the options of a whole SET. Returns false with an error appended to
// `out` if they make no sense.
bool ParseSetOptions(std::span<const std::string_view> request,
                     int64_t now_ms,
                     SetOptions* options,
                     std::string* out);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_SET_OPTIONS_H_
