// cluster.loop/1 and cluster.embedding/1 as a probe offers them: every handle
// that the plugin holds is known, and every callback of the loop is a
// CallbackSpan.
//
// Thread safety: the loop thread's, but for post and the counts.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_LOOP_TABLES_H_
#define TOOLS_PLUGIN_CHECK_PROBE_LOOP_TABLES_H_

#include <cstddef>
#include <cstdint>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

extern const cluster_loop_v1 kProbeLoop;
extern const cluster_embedding_v1 kProbeEmbedding;

// How many the plugin holds.
size_t LiveWatches();
size_t LiveTimers();
// A watch of `fd` is held.
bool IsWatched(int32_t fd);
// dispatch has said CLUSTER_STOPPED.
bool LoopHasEnded();

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_LOOP_TABLES_H_
