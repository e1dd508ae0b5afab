#include "plugins/resp_kv/shard_stats.h"

#include <charconv>

#include "plugins/resp_kv/reply.h"

namespace cluster::resp_kv {
namespace {

constexpr uint64_t ShardStats::* kFields[] = {
    &ShardStats::lost,
    &ShardStats::keys,
    &ShardStats::expiring,
    &ShardStats::bytes,
    &ShardStats::expired,
    &ShardStats::commands,
    &ShardStats::hits,
    &ShardStats::misses,
    &ShardStats::lost_answers,
};

}  // namespace

void AppendShardStats(const ShardStats& stats, std::string* out) {
  std::string text;
  for (const auto field : kFields) text += std::to_string(stats.*field) + " ";
  AppendBulk(text, out);
}

std::optional<ShardStats> ReadShardStats(std::string_view reply) {
  const auto text = ReadBulkReply(reply);
  if (!text) return std::nullopt;
  ShardStats stats;
  const char* at = text->data();
  const char* const end = at + text->size();
  for (const auto field : kFields) {
    const auto parsed = std::from_chars(at, end, stats.*field);
    if (parsed.ec != std::errc() || parsed.ptr == end) return std::nullopt;
    at = parsed.ptr + 1;
  }
  return stats;
}

}  // namespace cluster::resp_kv
