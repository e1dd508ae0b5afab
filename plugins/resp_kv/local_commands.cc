#include "plugins/resp_kv/local_commands.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>
#include <vector>

#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/request_parser.h"
#include "plugins/resp_kv/words.h"

namespace cluster::resp_kv {
namespace {

using Words = std::span<const std::string_view>;

std::string UnknownSubcommand(std::string_view word, std::string_view of) {
  return "ERR unknown subcommand '" + std::string(word.substr(0, 128)) +
         "'. Those of " + std::string(of) + " are in the plugin's README.";
}

void Ping(Words request, std::string* out) {
  if (request.size() > 2) return AppendError(WrongArguments("ping"), out);
  if (request.size() == 2) return AppendBulk(request[1], out);
  AppendSimple("PONG", out);
}

void Select(Words request, std::string* out) {
  const auto index = ParseInteger(request[1]);
  if (!index) return AppendError("ERR invalid DB index", out);
  if (*index != 0) return AppendError("ERR DB index is out of range", out);
  out->append(kOk);
}

// Returns whether `name` may be a client's: it is shown in lists of words.
bool IsClientName(std::string_view name) {
  return std::all_of(
      name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void SetName(std::string_view name, ClientState& client, std::string* out) {
  if (!IsClientName(name)) {
    return AppendError(
        "ERR Client names cannot contain spaces, newlines or special "
        "characters.",
        out);
  }
  client.name = name;
  out->append(kOk);
}

// HELLO [2 [SETNAME name]]: of the protocols only RESP2.
void Hello(Words request, ClientState& client, std::string* out) {
  if (request.size() > 1 && request[1] != "2") {
    return AppendError("NOPROTO unsupported protocol version", out);
  }
  if (request.size() == 4 && IsWord(request[2], "SETNAME")) {
    std::string reply;
    SetName(request[3], client, &reply);
    if (IsError(reply)) return static_cast<void>(out->append(reply));
  } else if (request.size() > 2) {
    return AppendError("ERR syntax error in HELLO", out);
  }
  AppendArray(14, out);
  AppendBulk("server", out);
  AppendBulk("resp_kv", out);
  AppendBulk("version", out);
  AppendBulk("1.0", out);
  AppendBulk("proto", out);
  AppendInteger(2, out);
  AppendBulk("id", out);
  AppendInteger(static_cast<int64_t>(client.id), out);
  AppendBulk("mode", out);
  AppendBulk("standalone", out);
  AppendBulk("role", out);
  AppendBulk("master", out);
  AppendBulk("modules", out);
  AppendArray(0, out);
}

void Client(Words request, ClientState& client, std::string* out) {
  const std::string_view what = request[1];
  if (IsWord(what, "SETNAME") && request.size() == 3) {
    SetName(request[2], client, out);
  } else if (IsWord(what, "GETNAME") && request.size() == 2) {
    AppendBulk(client.name, out);
  } else if (IsWord(what, "ID") && request.size() == 2) {
    AppendInteger(static_cast<int64_t>(client.id), out);
  } else if (IsWord(what, "SETINFO") && request.size() == 4) {
    out->append(kOk);
  } else {
    AppendError(UnknownSubcommand(what, "CLIENT"), out);
  }
}

// Each parameter whose name is given, or all for "*".
void ConfigGet(Words names, const ServerFacts& facts, std::string* out) {
  const std::vector<std::pair<std::string_view, std::string>> parameters = {
      {"appendonly", "no"},
      {"databases", "1"},
      {"maxmemory", std::to_string(facts.max_memory_bytes)},
      {"maxmemory-policy", "noeviction"},
      {"proto-max-bulk-len", std::to_string(RequestParser::kMaxBulkBytes)},
      {"save", ""}};
  std::string found;
  size_t count = 0;
  for (const auto& [name, value] : parameters) {
    const bool wanted =
        std::any_of(names.begin(), names.end(), [&](std::string_view word) {
          return word == name || word == "*";
        });
    if (!wanted) continue;
    AppendBulk(name, &found);
    AppendBulk(value, &found);
    count += 2;
  }
  AppendArray(count, out);
  out->append(found);
}

void Config(Words request, const ServerFacts& facts, std::string* out) {
  if (IsWord(request[1], "GET") && request.size() > 2) {
    return ConfigGet(request.subspan(2), facts, out);
  }
  AppendError(UnknownSubcommand(request[1], "CONFIG"), out);
}

void AppendCommandInfo(const Command& command, std::string* out) {
  const bool one = command.spread == Spread::kKey;
  const bool each =
      command.spread == Spread::kEachKey || command.spread == Spread::kEachPair;
  AppendArray(6, out);
  std::string name(command.name);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  AppendBulk(name, out);
  AppendInteger(command.arity, out);
  AppendArray(0, out);
  AppendInteger(one || each, out);  // the first key, the last, the step
  AppendInteger(one ? 1 : each ? -1 : 0, out);
  AppendInteger(command.spread == Spread::kEachPair ? 2 : (one || each ? 1 : 0),
                out);
}

void CommandCommand(Words request, std::string* out) {
  const auto all = AllCommands();
  if (request.size() == 1) {
    AppendArray(all.size(), out);
    for (const Command& command : all) AppendCommandInfo(command, out);
  } else if (IsWord(request[1], "COUNT")) {
    AppendInteger(static_cast<int64_t>(all.size()), out);
  } else if (IsWord(request[1], "DOCS")) {
    AppendArray(0, out);  // redis-cli then does without hints
  } else {
    AppendError(UnknownSubcommand(request[1], "COMMAND"), out);
  }
}

}  // namespace

void RunLocalCommand(const Command& command,
                     std::span<const std::string_view> request,
                     const ServerFacts& facts,
                     ClientState& client,
                     std::string* out) {
  const std::string_view name = command.name;
  if (name == "PING") return Ping(request, out);
  if (name == "ECHO") return AppendBulk(request[1], out);
  if (name == "SELECT") return Select(request, out);
  if (name == "HELLO") return Hello(request, client, out);
  if (name == "CLIENT") return Client(request, client, out);
  if (name == "CONFIG") return Config(request, facts, out);
  if (name == "COMMAND") return CommandCommand(request, out);
  if (name == "QUIT") {
    client.leaving = true;
    out->append(kOk);
    return;
  }
  std::abort();  // the table has a command that nobody does
}

std::string UnknownCommand(std::span<const std::string_view> request) {
  constexpr size_t kShown = 128;
  std::string error = "ERR unknown command '" +
                      std::string(request[0].substr(0, kShown)) +
                      "', with args beginning with: ";
  const size_t end = error.size() + kShown;
  for (const std::string_view word : request.subspan(1)) {
    if (error.size() >= end) break;
    error += "'" + std::string(word.substr(0, end - error.size())) + "' ";
  }
  return error;
}

}  // namespace cluster::resp_kv
