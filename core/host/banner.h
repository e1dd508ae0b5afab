// Banner: what the host prints when it serves.
//
// Programs wait for its first line, which has the addresses as they were bound.
//
// Thread safety: plain values and a free function, safe from any thread.
#ifndef CORE_HOST_BANNER_H_
#define CORE_HOST_BANNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/control/data_path.h"
#include "ipc/address.h"

namespace cluster {

struct Banner {
  std::string plugin;    // its name
  std::string version;   // of the plugin; empty: its file does not say
  std::string build_id;  // likewise, in hexadecimal
  std::vector<ListenAddress> bound;
  uint32_t workers = 0;
  std::string policy;
  DataPath data_path = DataPath::kHandoff;
};

// Returns the lines, each with its end.
std::string ToText(const Banner& banner);

}  // namespace cluster

#endif  // CORE_HOST_BANNER_H_
