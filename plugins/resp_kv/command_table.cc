#include "plugins/resp_kv/command_table.h"

#include "plugins/resp_kv/shard_stats.h"
#include "plugins/resp_kv/words.h"

namespace cluster::resp_kv {
namespace {

constexpr Command kCommands[] = {
    {"APPEND", 3, Spread::kKey},
    {"CLIENT", -2, Spread::kHere},
    {"COMMAND", -1, Spread::kHere},
    {"CONFIG", -2, Spread::kHere},
    {"DBSIZE", 1, Spread::kEveryShard, &GatherSum, "DBSIZE"},
    {"DECR", 2, Spread::kKey},
    {"DECRBY", 3, Spread::kKey},
    {"DEL", -2, Spread::kEachKey, &GatherSum, "DEL"},
    {"ECHO", 2, Spread::kHere},
    {"EXISTS", -2, Spread::kEachKey, &GatherSum, "EXISTS"},
    {"EXPIRE", 3, Spread::kKey},
    {"FLUSHALL", -1, Spread::kEveryShard, &GatherAllOk, "FLUSHALL"},
    {"GET", 2, Spread::kKey},
    {"HELLO", -1, Spread::kHere},
    {"INCR", 2, Spread::kKey},
    {"INCRBY", 3, Spread::kKey},
    {"INFO", -1, Spread::kEveryShard, nullptr, kStatsCommand},
    {"MGET", -2, Spread::kEachKey, &GatherArray, "GET"},
    {"MSET", -3, Spread::kEachPair, &GatherAllOk, "SET"},
    {"PERSIST", 2, Spread::kKey},
    {"PEXPIRE", 3, Spread::kKey},
    {"PING", -1, Spread::kHere},
    {"PTTL", 2, Spread::kKey},
    {"QUIT", -1, Spread::kHere},
    {"SELECT", 2, Spread::kHere},
    {"SET", -3, Spread::kKey},
    {"STRLEN", 2, Spread::kKey},
    {"TTL", 2, Spread::kKey},
};

}  // namespace

std::span<const Command> AllCommands() { return kCommands; }

const Command* FindCommand(std::string_view name) {
  for (const Command& command : kCommands) {
    if (IsWord(name, command.name)) return &command;
  }
  return nullptr;
}

// FNV-1a of 64 bits, whose high half is mixed into the low one, since that
// decides (http://www.isthe.com/chongo/tech/comp/fnv/).
uint32_t ShardOf(std::string_view key, uint32_t count) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return static_cast<uint32_t>((hash ^ (hash >> 32)) % count);
}

}  // namespace cluster::resp_kv
