// The text of INFO: sums over all workers, and a line for each.
//
// Thread safety: free functions.
#ifndef PLUGINS_RESP_KV_INFO_H_
#define PLUGINS_RESP_KV_INFO_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plugins/resp_kv/gather.h"

namespace cluster::resp_kv {

// Of the worker that was asked.
struct WorkerFacts {
  uint32_t worker_id = 0;
  uint32_t slot = 0;
  uint64_t clients = 0;
  uint64_t uptime_s = 0;
  uint64_t max_memory_bytes = 0;  // of each worker
  uint64_t batches = 0;           // sent to other workers
  uint64_t forwarded = 0;         // commands in them
};

// Returns the sections whose names are in `wanted`, in any case; all if it is
// empty or names "all", "default" or "everything". `replies` are those to
// kStatsCommand by slot; what is an error is shown as such, and not in the
// sums.
std::string InfoText(const WorkerFacts& facts,
                     const Replies& replies,
                     std::span<const std::string> wanted);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_INFO_H_
