// ShardStats: what a shard says of itself when INFO asks.
//
// Thread safety: a plain value.
#ifndef PLUGINS_RESP_KV_SHARD_STATS_H_
#define PLUGINS_RESP_KV_SHARD_STATS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::resp_kv {

// The request by which INFO asks a shard; no client can send it.
inline constexpr std::string_view kStatsCommand = "\x01STATS";

struct ShardStats {
  uint64_t lost = 0;  // 1: not all keys are known
  uint64_t keys = 0;
  uint64_t expiring = 0;
  uint64_t bytes = 0;
  uint64_t expired = 0;  // from here on in all
  uint64_t commands = 0;
  uint64_t hits = 0;    // GETs that found a key
  uint64_t misses = 0;  // GETs that did not
  uint64_t lost_answers = 0;
};

// Appends them as one reply.
void AppendShardStats(const ShardStats& stats, std::string* out);
// Reads such a reply; nothing if it is another, such as an error.
std::optional<ShardStats> ReadShardStats(std::string_view reply);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_SHARD_STATS_H_
