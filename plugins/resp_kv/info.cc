#include "plugins/resp_kv/info.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "plugins/resp_kv/shard_stats.h"
#include "plugins/resp_kv/words.h"

namespace cluster::resp_kv {
namespace {

class Text {
 public:
  void Add(std::string_view name, std::string_view value) {
    text_ += std::string(name) + ":" + std::string(value) + "\r\n";
  }
  void Add(std::string_view name, uint64_t value) {
    Add(name, std::to_string(value));
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

using ShardList = std::vector<std::optional<ShardStats>>;

ShardStats SumOf(const ShardList& shards) {
  ShardStats sum;
  for (const auto& shard : shards) {
    if (!shard) continue;
    sum.lost += shard->lost;
    sum.keys += shard->keys;
    sum.expiring += shard->expiring;
    sum.bytes += shard->bytes;
    sum.expired += shard->expired;
    sum.commands += shard->commands;
    sum.hits += shard->hits;
    sum.misses += shard->misses;
    sum.lost_answers += shard->lost_answers;
  }
  return sum;
}

std::string Server(const WorkerFacts& facts, size_t workers) {
  Text text;
  text.Add("server_name", "resp_kv");
  text.Add("resp_kv_version", "1.0");
  text.Add("redis_mode", "standalone");
  text.Add("worker_id", facts.worker_id);
  text.Add("worker_slot", facts.slot);
  text.Add("workers", workers);
  text.Add("uptime_in_seconds", facts.uptime_s);
  return text.Take();
}

std::string Clients(const WorkerFacts& facts) {
  Text text;
  text.Add("connected_clients", facts.clients);
  return text.Take();
}

std::string Memory(const WorkerFacts& facts, const ShardStats& sum) {
  Text text;
  text.Add("used_memory", sum.bytes);
  text.Add("maxmemory_per_worker", facts.max_memory_bytes);
  text.Add("maxmemory_policy", "noeviction");
  return text.Take();
}

std::string Stats(const WorkerFacts& facts, const ShardStats& sum) {
  Text text;
  text.Add("total_commands_processed", sum.commands);
  text.Add("expired_keys", sum.expired);
  text.Add("keyspace_hits", sum.hits);
  text.Add("keyspace_misses", sum.misses);
  text.Add("lost_answers", sum.lost_answers);
  text.Add("forwarded_batches", facts.batches);
  text.Add("forwarded_commands", facts.forwarded);
  return text.Take();
}

std::string Workers(const ShardList& shards) {
  Text text;
  for (size_t slot = 0; slot < shards.size(); ++slot) {
    const std::string name = "slot" + std::to_string(slot);
    const auto& shard = shards[slot];
    if (!shard) {
      text.Add(name, "state=unreachable");
      continue;
    }
    text.Add(name,
             std::string("state=") + (shard->lost != 0 ? "lost" : "ok") +
                 ",keys=" + std::to_string(shard->keys) +
                 ",used_memory=" + std::to_string(shard->bytes) +
                 ",commands=" + std::to_string(shard->commands));
  }
  return text.Take();
}

std::string Keyspace(const ShardStats& sum) {
  Text text;
  if (sum.keys > 0) {
    text.Add("db0",
             "keys=" + std::to_string(sum.keys) +
                 ",expires=" + std::to_string(sum.expiring) + ",avg_ttl=0");
  }
  return text.Take();
}

bool IsWanted(std::string_view section, std::span<const std::string> wanted) {
  return wanted.empty() ||
         std::any_of(wanted.begin(), wanted.end(), [&](const auto& word) {
           return IsWord(word, section) || IsWord(word, "ALL") ||
                  IsWord(word, "DEFAULT") || IsWord(word, "EVERYTHING");
         });
}

}  // namespace

std::string InfoText(const WorkerFacts& facts,
                     const Replies& replies,
                     std::span<const std::string> wanted) {
  ShardList shards;
  for (const std::string& reply : replies) {
    shards.push_back(ReadShardStats(reply));
  }
  const ShardStats sum = SumOf(shards);
  std::string text;
  const auto section = [&](std::string_view name,
                           std::string_view title,
                           const std::string& lines) {
    if (!IsWanted(name, wanted)) return;
    if (!text.empty()) text += "\r\n";
    text += "# " + std::string(title) + "\r\n" + lines;
  };
  section("SERVER", "Server", Server(facts, shards.size()));
  section("CLIENTS", "Clients", Clients(facts));
  section("MEMORY", "Memory", Memory(facts, sum));
  section("STATS", "Stats", Stats(facts, sum));
  section("WORKERS", "Workers", Workers(shards));
  section("KEYSPACE", "Keyspace", Keyspace(sum));
  return text;
}

}  // namespace cluster::resp_kv
