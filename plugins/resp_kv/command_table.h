// The commands that clients may send, and how each is spread over shards.
//
// Thread safety: immutable.
//
//   const Command* command = FindCommand(request[0]);
//   if (command == nullptr || !command->Takes(request.size())) ...
#ifndef PLUGINS_RESP_KV_COMMAND_TABLE_H_
#define PLUGINS_RESP_KV_COMMAND_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "plugins/resp_kv/gather.h"

namespace cluster::resp_kv {

// Who does it.
enum class Spread : uint8_t {
  kHere,        // the worker that the client is connected to
  kKey,         // the owner of its one key, as it is
  kEachKey,     // the owner of each key, `part` with that key
  kEachPair,    // the owner of each key, `part` with key and value
  kEveryShard,  // every worker, `part`
};

struct Command {
  std::string_view name;  // upper case
  int arity;              // words with the name; -n: n or more
  Spread spread;
  Gather gather = &GatherOne;  // what becomes of the parts' replies
  std::string_view part = "";

  bool Takes(size_t words) const {
    if (arity >= 0) return words == static_cast<size_t>(arity);
    if (words < static_cast<size_t>(-arity)) return false;
    return spread != Spread::kEachPair || words % 2 == 1;
  }
};

std::span<const Command> AllCommands();

// Returns the command of that name, in any case; NULL if there is none.
const Command* FindCommand(std::string_view name);

// Returns the shard of a key among `count`: always the same one, on every
// worker. `count` > 0.
uint32_t ShardOf(std::string_view key, uint32_t count);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_COMMAND_TABLE_H_
