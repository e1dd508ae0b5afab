#include "tools/clusterctl/command.h"

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/nearest_name.h"
#include "core/base/resolve_path.h"
#include "core/base/status_macros.h"
#include "core/host/version.h"

namespace cluster {
namespace {

constexpr char kHelp[] =
    R"(Shows or changes a running host.

  clusterctl [--socket=PATH] [--json] COMMAND

Commands
  status             the workers and the connections (the default)
  policy POLICY      give connections by this policy from now on, such as
                     p2c:d=3 (host --policy=help lists them)
  weight WORKER N    give this worker N shares, 1 to 65536
  pause WORKER       give this worker no connections; it keeps those it has,
                     and reads datagrams as before
  resume WORKER      give it connections again
  restart WORKER     let it finish what it has and end; another takes its place

Options
  --socket=PATH      the host's --admin (default: $CLUSTER_ADMIN)
  --json             print JSON
  --help             print this
  --version          print the version

Exit codes
  0 done; 1 the host refused, or cannot be asked; 2 the command is wrong
)";

struct Verb {
  absl::string_view name;
  AdminAction action;
  size_t arguments;
};

constexpr Verb kVerbs[] = {
    {"pause", AdminAction::kPause, 1},
    {"policy", AdminAction::kSetPolicy, 1},
    {"restart", AdminAction::kRestart, 1},
    {"resume", AdminAction::kResume, 1},
    {"status", AdminAction::kStatus, 0},
    {"weight", AdminAction::kSetWeight, 2},
};

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, "; see clusterctl --help"));
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(text), "\"");
}

absl::StatusOr<uint32_t> ParseNumber(absl::string_view what,
                                     const std::string& word) {
  uint32_t value = 0;
  if (!absl::SimpleAtoi(word, &value)) {
    return Wrong(absl::StrCat(Quoted(word), " is not the number of a ", what));
  }
  return value;
}

absl::StatusOr<Verb> FindVerb(const std::string& word) {
  std::vector<absl::string_view> names;
  for (const Verb& verb : kVerbs) {
    if (verb.name == word) return verb;
    names.push_back(verb.name);
  }
  const absl::string_view nearest = NearestName(word, names);
  return Wrong(absl::StrCat(
      "unknown command ",
      Quoted(word),
      nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
}

// The words that are no options, and the options.
absl::StatusOr<std::vector<std::string>> TakeOptions(
    const std::vector<std::string>& words, Command* command) {
  std::vector<std::string> rest;
  for (size_t i = 0; i < words.size(); ++i) {
    absl::string_view word = words[i];
    if (word == "--help" || word == "-h") {
      command->print = kHelp;
    } else if (word == "--version") {
      command->print = absl::StrCat("clusterctl ", kVersion, "\n");
    } else if (word == "--json") {
      command->json = true;
    } else if (absl::ConsumePrefix(&word, "--socket=")) {
      command->socket = std::string(word);
    } else if (word == "--socket" && i + 1 < words.size()) {
      command->socket = words[++i];
    } else if (absl::StartsWith(word, "-")) {
      return Wrong(absl::StrCat("unknown option ", Quoted(word)));
    } else {
      rest.push_back(words[i]);
    }
  }
  return rest;
}

absl::Status ReadArguments(const std::vector<std::string>& words,
                           AdminRequest* request) {
  const std::string verb = words.empty() ? "status" : words[0];
  ASSIGN_OR_RETURN(const Verb found, FindVerb(verb));
  request->action = found.action;
  const size_t given = words.empty() ? 0 : words.size() - 1;
  if (given != found.arguments) {
    return Wrong(
        absl::StrCat(verb, " takes ", found.arguments, " words, not ", given));
  }
  if (found.arguments == 0) return absl::OkStatus();
  if (found.action == AdminAction::kSetPolicy) {
    request->text = words[1];
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(request->worker, ParseNumber("worker", words[1]));
  if (found.action != AdminAction::kSetWeight) return absl::OkStatus();
  ASSIGN_OR_RETURN(request->number, ParseNumber("weight", words[2]));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Command> ParseCommand(const std::vector<std::string>& words,
                                     absl::string_view directory,
                                     absl::string_view default_socket) {
  Command command;
  command.socket = std::string(default_socket);
  ASSIGN_OR_RETURN(const std::vector<std::string> rest,
                   TakeOptions(words, &command));
  if (!command.print.empty()) return command;
  RETURN_IF_ERROR(ReadArguments(rest, &command.request));
  if (command.socket.empty()) {
    return Wrong("which host? give --socket=PATH, its --admin");
  }
  command.socket = ResolvePath(directory, command.socket);
  return command;
}

}  // namespace cluster
