// Services that the host beneath does all of, as a probe offers them: its
// functions, each behind CallGuard. For cluster.listener/1, cluster.datagram/1,
// cluster.acceptor/1 and cluster.message/1.
//
// Thread safety: immutable.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_FORWARDED_TABLES_H_
#define TOOLS_PLUGIN_CHECK_PROBE_FORWARDED_TABLES_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_listener_v1 kProbeListener;
extern const cluster_datagram_v1 kProbeDatagram;
extern const cluster_acceptor_v1 kProbeAcceptor;
extern const cluster_message_v1 kProbeMessage;

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_FORWARDED_TABLES_H_
