#include "core/host/options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/nearest_name.h"
#include "core/base/resolve_path.h"
#include "core/base/status_macros.h"
#include "core/host/command_words.h"
#include "core/host/flag_value.h"
#include "core/host/help.h"
#include "core/host/raw_command.h"
#include "core/host/scheduling_flags.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

constexpr uint32_t kMaxWorkers = 1024;
// All settings go to each worker in one frame, which has to be of a size that
// every worker reads at once.
constexpr size_t kMaxSettingsBytes = size_t{8} << 20;
constexpr char kPlugin[] = "PLUGIN";

// CLI11 only sorts the arguments; values are read below, for errors that say
// what to do instead. It reports by exceptions, which end here.
absl::StatusOr<RawCommand> SortArguments(std::vector<std::string> arguments) {
  RawCommand raw;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (const FlagHelp& flag : AllFlags()) {
    const std::string name(flag.name);
    if (flag.value.empty() && name != kPlugin) {
      app.add_flag(name, raw.switches[name]);
      continue;
    }
    CLI::Option* option = app.add_option(name, raw.values[name]);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (name != kPlugin) option->allow_extra_args(false);
  }
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return absl::InvalidArgumentError(absl::StrCat(
        text.substr(0, text.find(':')), " needs a value: --help shows which"));
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(error.what(), ": --help shows all flags"));
  }
  raw.unknown = app.remaining();
  return raw;
}

bool IsSwitch(absl::string_view name) {
  return std::any_of(
      AllFlags().begin(), AllFlags().end(), [&](const FlagHelp& flag) {
        return flag.name == name && flag.value.empty() && name != kPlugin;
      });
}

// CLI11 would take the next argument for an empty value, and some of those of
// a switch.
absl::Status CheckValues(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == argument.npos || !absl::StartsWith(argument, "--")) continue;
    const std::string name = argument.substr(0, equals);
    if (IsSwitch(name)) {
      return absl::InvalidArgumentError(absl::StrCat(name, " takes no value"));
    }
    if (equals + 1 == argument.size()) {
      return FlagError(name, "", "is empty: give a value, or omit the flag");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAllKnown(const RawCommand& raw) {
  if (raw.unknown.empty()) return absl::OkStatus();
  const std::string& typed = raw.unknown.front();
  const std::string name = typed.substr(0, typed.find('='));
  std::vector<absl::string_view> names;
  for (const FlagHelp& flag : AllFlags()) names.emplace_back(flag.name);
  const absl::string_view nearest = NearestName(name, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown flag ",
      absl::Utf8SafeCEscape(name.substr(0, 100)),
      nearest.empty() ? ": --help shows all; a plugin's own go after --"
                      : absl::StrCat(": did you mean ", nearest, "?")));
}

absl::Status CheckGivenOnce(const RawCommand& raw) {
  for (const FlagHelp& flag : AllFlags()) {
    const auto found = raw.values.find(std::string(flag.name));
    if (found == raw.values.end() || flag.repeatable) continue;
    if (found->second.size() < 2) continue;
    return FlagError(flag.name,
                     found->second[1],
                     flag.name == kPlugin
                         ? "is a second plugin: give one; a plugin's own "
                           "arguments go after --"
                         : "is a second value: give the flag once");
  }
  return absl::OkStatus();
}

absl::Status ReadPlugin(const RawCommand& raw,
                        const std::string& directory,
                        HostOptions* options) {
  if (const std::string* plugin = raw.Find(kPlugin)) {
    if (plugin->empty()) {
      return FlagError(kPlugin, "", "is empty: give a path or a name");
    }
    options->plugin_is_path =
        absl::StrContains(*plugin, '/') || absl::EndsWith(*plugin, ".so");
    options->plugin =
        options->plugin_is_path ? ResolvePath(directory, *plugin) : *plugin;
  }
  std::set<std::string> keys;
  size_t bytes = 0;
  for (const std::string& value : raw.values.at("--set")) {
    ASSIGN_OR_RETURN(auto pair, ParseConfigPair("--set", value, directory));
    if (!keys.insert(pair.first).second) {
      return FlagError("--set", value, "sets a key again: set each key once");
    }
    bytes += pair.first.size() + pair.second.size();
    if (bytes > kMaxSettingsBytes) {
      return FlagError("--set",
                       pair.first,
                       "makes the settings larger than 8 MiB together: pass "
                       "the path of a file instead");
    }
    options->config.push_back(std::move(pair));
  }
  return absl::OkStatus();
}

std::string ResolveAddress(const std::string& address,
                           const std::string& directory) {
  constexpr absl::string_view kUnix = "unix:";
  if (!absl::StartsWith(address, kUnix)) return address;
  const std::string path = address.substr(kUnix.size());
  if (path.empty() || path.front() == '@') return address;
  return absl::StrCat(kUnix, ResolvePath(directory, path));
}

absl::Status ReadListening(const RawCommand& raw,
                           const std::string& directory,
                           HostOptions* options) {
  std::vector<std::string> addresses;
  for (const std::string& value : raw.values.at("--listen")) {
    for (const absl::string_view piece : absl::StrSplit(value, ',')) {
      const std::string address = ResolveAddress(std::string(piece), directory);
      if (address.empty()) {
        return FlagError(
            "--listen", value, "has an empty address: give host:port");
      }
      // Port 0 twice is two ports.
      const bool seen =
          std::find(addresses.begin(), addresses.end(), address) !=
          addresses.end();
      if (seen && !absl::EndsWith(address, ":0")) {
        return FlagError(
            "--listen", piece, "is given twice: name each address once");
      }
      addresses.push_back(address);
    }
  }
  if (!addresses.empty()) options->listen = std::move(addresses);
  if (const std::string* value = raw.Find("--backlog")) {
    ASSIGN_OR_RETURN(options->backlog,
                     ParseNumber("--backlog", *value, 1, 65535));
  }
  return absl::OkStatus();
}

absl::Status ReadWorkers(const RawCommand& raw,
                         uint32_t cpus,
                         HostOptions* options) {
  const std::string* workers = raw.Find("--workers");
  options->workers = std::clamp<uint32_t>(cpus, 1, kMaxWorkers);
  if (workers != nullptr && *workers != "auto") {
    ASSIGN_OR_RETURN(options->workers,
                     ParseNumber("--workers", *workers, 1, kMaxWorkers));
  }
  options->allow_draft = raw.switches.at("--allow_draft");
  if (const std::string* value = raw.Find("--wrap")) {
    absl::StatusOr<std::vector<std::string>> words = SplitWords(*value);
    if (!words.ok()) {
      return FlagError("--wrap", *value, words.status().message());
    }
    options->wrap = *std::move(words);
    // A debugger may hold a worker for as long as it takes.
    if (raw.Find("--start_timeout") == nullptr) {
      options->start_timeout = absl::ZeroDuration();
    }
  }
  if (const std::string* value = raw.Find("--drain_timeout")) {
    ASSIGN_OR_RETURN(
        options->drain_timeout,
        ParseFlagDuration("--drain_timeout", *value, absl::ZeroDuration()));
  }
  if (const std::string* value = raw.Find("--restarts")) {
    ASSIGN_OR_RETURN(options->restarts,
                     ParseNumber("--restarts", *value, 0, 1000000));
  }
  if (const std::string* value = raw.Find("--restart_period")) {
    ASSIGN_OR_RETURN(
        options->restart_period,
        ParseFlagDuration("--restart_period", *value, absl::Milliseconds(1)));
  }
  if (const std::string* value = raw.Find("--start_timeout")) {
    ASSIGN_OR_RETURN(
        options->start_timeout,
        ParseFlagDuration("--start_timeout", *value, absl::ZeroDuration()));
  }
  if (const std::string* value = raw.Find("--heartbeat_timeout")) {
    ASSIGN_OR_RETURN(
        options->heartbeat_timeout,
        ParseFlagDuration("--heartbeat_timeout", *value, absl::ZeroDuration()));
  }
  return absl::OkStatus();
}

absl::Status ReadOperation(const RawCommand& raw,
                           const std::string& directory,
                           HostOptions* options) {
  if (const std::string* value = raw.Find("--admin")) {
    options->admin = ResolvePath(directory, *value);
  }
  if (const std::string* value = raw.Find("--record_trace")) {
    options->record_trace = ResolvePath(directory, *value);
  }
  if (const std::string* value = raw.Find("--metrics_file")) {
    options->metrics_file = ResolvePath(directory, *value);
  }
  if (const std::string* value = raw.Find("--metrics_interval")) {
    ASSIGN_OR_RETURN(options->metrics_interval,
                     ParseFlagDuration(
                         "--metrics_interval", *value, absl::Milliseconds(10)));
  }
  return absl::OkStatus();
}

absl::Status ReadLogging(const RawCommand& raw, HostOptions* options) {
  if (const std::string* value = raw.Find("--log_format")) {
    ASSIGN_OR_RETURN(const size_t choice,
                     ParseChoice("--log_format", *value, {"text", "json"}));
    options->log_format = choice == 0 ? LogFormat::kText : LogFormat::kJson;
  }
  if (const std::string* value = raw.Find("--log_level")) {
    ASSIGN_OR_RETURN(
        const size_t choice,
        ParseChoice(
            "--log_level", *value, {"debug", "info", "warning", "error"}));
    options->log_level = static_cast<LogLevel>(choice);
  }
  options->raw_output = raw.switches.at("--raw_output");
  return absl::OkStatus();
}

}  // namespace

std::string UserWorkingDirectory() {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory != nullptr && directory[0] == '/') return directory;
  char* current = getcwd(nullptr, 0);
  const std::string result = current != nullptr ? current : "";
  std::free(current);
  return result;
}

absl::StatusOr<ParsedCommand> ParseCommandLine(
    int argc, const char* const* argv, const CommandEnvironment& environment) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const auto split = std::find(arguments.begin(), arguments.end(), "--");
  ParsedCommand command;
  HostOptions& options = command.options;
  if (split != arguments.end()) {
    options.plugin_arguments.assign(std::next(split), arguments.end());
    arguments.erase(split, arguments.end());
  }
  RETURN_IF_ERROR(CheckValues(arguments));
  ASSIGN_OR_RETURN(const RawCommand raw, SortArguments(std::move(arguments)));
  RETURN_IF_ERROR(CheckAllKnown(raw));
  if (raw.switches.at("--help")) command.print = HelpText();
  if (raw.switches.at("--version")) command.print = VersionText();
  const std::string* const policy = raw.Find("--policy");
  if (policy != nullptr && *policy == "help") command.print = PolicyHelp();
  if (!command.print.empty()) return command;

  RETURN_IF_ERROR(CheckGivenOnce(raw));
  const std::string& directory = environment.working_directory;
  RETURN_IF_ERROR(ReadPlugin(raw, directory, &options));
  RETURN_IF_ERROR(ReadListening(raw, directory, &options));
  RETURN_IF_ERROR(ReadWorkers(raw, environment.cpus, &options));
  RETURN_IF_ERROR(ReadScheduling(raw, &options));
  RETURN_IF_ERROR(ReadOperation(raw, directory, &options));
  RETURN_IF_ERROR(ReadLogging(raw, &options));
  return command;
}

}  // namespace cluster
