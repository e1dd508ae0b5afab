// The host that does what the plugin asks for, once it was checked. A probe has
// one.
//
// Thread safety: SetHostBeneath before any plugin code runs; the rest from any
// thread.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_HOST_BENEATH_H_
#define TOOLS_PLUGIN_CHECK_PROBE_HOST_BENEATH_H_

#include <string>

#include "absl/strings/string_view.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

namespace host_beneath_internal {
inline const cluster_host* host = nullptr;
}

inline void SetHostBeneath(const cluster_host* host) {
  host_beneath_internal::host = host;
}
inline const cluster_host* HostBeneath() { return host_beneath_internal::host; }

// Returns its table of a service; null if it has none. It may end before what
// this build knows: read no further than the service's first minor has it.
template <typename Table>
const Table* TableBeneath(absl::string_view id) {
  return static_cast<const Table*>(
      HostBeneath()->get_service(HostBeneath(), std::string(id).c_str()));
}

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_HOST_BENEATH_H_
