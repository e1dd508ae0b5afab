// The commands that need no key: about the connection and the server. As far
// as redis-cli, redis-benchmark and client libraries ask for them.
//
// Thread safety: free functions.
//
//   RunLocalCommand(*command, request, client, facts, &reply);
#ifndef PLUGINS_RESP_KV_LOCAL_COMMANDS_H_
#define PLUGINS_RESP_KV_LOCAL_COMMANDS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plugins/resp_kv/command_table.h"

namespace cluster::resp_kv {

// What is remembered of a client.
struct ClientState {
  uint64_t id = 0;
  std::string name = "";
  bool leaving = false;  // after this answer
};

// What CONFIG GET tells.
struct ServerFacts {
  uint64_t max_memory_bytes = 0;
};

// Does a command of Spread::kHere and appends one reply to `out`.
// REQUIRES: command.Takes(request.size()).
void RunLocalCommand(const Command& command,
                     std::span<const std::string_view> request,
                     const ServerFacts& facts,
                     ClientState& client,
                     std::string* out);

// Returns the error for a name that is no command's.
std::string UnknownCommand(std::span<const std::string_view> request);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_LOCAL_COMMANDS_H_
