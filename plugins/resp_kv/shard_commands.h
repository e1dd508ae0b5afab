// The commands on the keys of one shard, each on one key or on all. What is
// asked about several keys was cut into these before (command_table.h).
//
// Thread safety: free functions.
//
//   std::string reply;
//   RunShardCommand(request, now_ms, store, stats, &reply);
#ifndef PLUGINS_RESP_KV_SHARD_COMMANDS_H_
#define PLUGINS_RESP_KV_SHARD_COMMANDS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plugins/resp_kv/shard_stats.h"
#include "plugins/resp_kv/store.h"

namespace cluster::resp_kv {

// A key of which is not known whether it exists. The command did nothing.
inline constexpr std::string_view kLostError =
    "LOST the worker of this key died with its data; write the key anew, or "
    "FLUSHALL";

// Does what `request` says, at `now_ms` of the store's clock, and appends one
// reply to `out`. The name may be in any case; unknown ones and wrong numbers
// of arguments are answered by an error. Counts in those of `stats` that say
// "in all", but the expired. REQUIRES: `request` is not empty and points to
// nothing in the store.
void RunShardCommand(std::span<const std::string_view> request,
                     int64_t now_ms,
                     Store& store,
                     ShardStats& stats,
                     std::string* out);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_SHARD_COMMANDS_H_
