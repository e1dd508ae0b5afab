// cluster.connection/1 as a probe offers it: it knows which connections the
// plugin was given, and which it has ended.
//
// Thread safety: any thread.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_CONNECTION_TABLE_H_
#define TOOLS_PLUGIN_CHECK_PROBE_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_connection_v1 kProbeConnection;

// Says that the plugin is given a connection. Ids ascend.
void ConnectionGiven(uint64_t id, int32_t fd);

// Those that were given and have not ended.
size_t OpenConnections();
size_t GivenConnections();

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_CONNECTION_TABLE_H_
