#include "tools/plugin_check/check_command.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "tools/plugin_check/check.h"
#include "tools/plugin_check/check_result.h"
#include "tools/plugin_check/check_run.h"
#include "tools/plugin_check/named_plugin.h"

namespace cluster {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitFindings = 1;
constexpr int kExitUsage = 2;
constexpr absl::Duration kLeastTimeout = absl::Milliseconds(100);
constexpr absl::Duration kMostTimeout = absl::Hours(1);

struct CommandLine {
  CheckRun::Options run;
  std::string plugin;
  bool json = false;
  bool list = false;
};

absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError(what);
}

absl::Status ReadOnly(absl::string_view names, CommandLine& line) {
  for (const absl::string_view name : absl::StrSplit(names, ',')) {
    if (FindCheck(name) == nullptr) {
      return Wrong(
          absl::StrCat("unknown check \"", name, "\": --list has all"));
    }
    line.run.only.emplace_back(name);
  }
  return absl::OkStatus();
}

absl::Status ReadTimeout(absl::string_view text, CommandLine& line) {
  absl::Duration timeout;
  if (!absl::ParseDuration(text, &timeout) || timeout < kLeastTimeout ||
      timeout > kMostTimeout) {
    return Wrong(
        absl::StrCat("--timeout=", text, ": write a time such as 10s"));
  }
  line.run.timeout = absl::ToChronoMilliseconds(timeout);
  return absl::OkStatus();
}

absl::Status ReadSetting(absl::string_view text, CommandLine& line) {
  const std::pair<std::string, std::string> setting =
      absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (setting.first.empty() || !absl::StrContains(text, '=')) {
    return Wrong(absl::StrCat("--set ", text, ": write --set KEY=VALUE"));
  }
  line.run.plugin.settings.push_back(setting);
  return absl::OkStatus();
}

absl::Status ReadFlag(absl::string_view word, CommandLine& line) {
  if (word == "--json") {
    line.json = true;
  } else if (word == "--allow_draft") {
    line.run.plugin.allow_draft = true;
  } else if (word == "--list") {
    line.list = true;
  } else if (absl::ConsumePrefix(&word, "--only=")) {
    return ReadOnly(word, line);
  } else if (absl::ConsumePrefix(&word, "--timeout=")) {
    return ReadTimeout(word, line);
  } else if (absl::ConsumePrefix(&word, "--set=")) {
    return ReadSetting(word, line);
  } else {
    return Wrong(absl::StrCat("unknown flag ", word, ": --help lists all"));
  }
  return absl::OkStatus();
}

absl::StatusOr<CommandLine> Read(const std::vector<std::string>& words) {
  CommandLine line;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      line.run.plugin.arguments.assign(words.begin() + i + 1, words.end());
      break;
    }
    if (word == "--set") {
      if (++i == words.size()) return Wrong("--set needs KEY=VALUE behind it");
      RETURN_IF_ERROR(ReadSetting(words[i], line));
    } else if (absl::StartsWith(word, "-")) {
      RETURN_IF_ERROR(ReadFlag(word, line));
    } else if (line.plugin.empty()) {
      line.plugin = word;
    } else {
      return Wrong(absl::StrCat("one plugin at a time: ",
                                line.plugin,
                                " or ",
                                word,
                                "; its arguments follow --"));
    }
  }
  if (line.plugin.empty() && !line.list) {
    return Wrong("check needs a plugin: a path or a name");
  }
  return line;
}

int Complain(absl::string_view what, int code) {
  std::fprintf(stderr, "plugin_check: %s\n", std::string(what).c_str());
  return code;
}

bool IsFamily(const Check& check) {
  return check.name == kServiceFailure || check.name == kOptionalMissing ||
         check.name == kRequiredMissing;
}

void List() {
  for (const Check& check : AllChecks()) {
    const bool is_function = check.name == kServiceFailure;
    std::fputs(absl::StrFormat("%s%s\n    %s.\n",
                               check.name,
                               !IsFamily(check) ? ""
                               : is_function    ? ":SERVICE.FUNCTION"
                                                : ":SERVICE",
                               check.proves)
                   .c_str(),
               stdout);
  }
}

// On a terminal, shows what is being done until the result takes its place.
class Progress {
 public:
  Progress() : shown_(isatty(STDERR_FILENO) == 1) {}
  void Show(absl::string_view name) {
    if (!shown_) return;
    std::fprintf(stderr, "\r\x1b[K...   %s", std::string(name).c_str());
  }
  void Clear() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  const bool shown_;
};

void Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

int RunChecks(CommandLine line) {
  Progress progress;
  CheckRun run(
      std::move(line.run),
      {.announce = [&](auto name) { progress.Show(name); },
       .report =
           [&](const CheckResult& result) {
             progress.Clear();
             Print(line.json ? FormatJsonLine(result) : FormatLine(result));
           }});
  const absl::Status status = run.Run();
  progress.Clear();
  if (!status.ok()) return Complain(status.message(), kExitUsage);
  const Tally& tally = run.tally();
  Print(line.json ? FormatJsonLine(tally) : FormatLine(tally));
  return tally.Of(Verdict::kFail) > 0 ? kExitFindings : kExitOk;
}

}  // namespace

const char kCheckUsage[] =
    "       plugin_check check [--json] [--only=NAME,...] [--timeout=10s]\n"
    "                    [--allow_draft] [--set KEY=VALUE]... PLUGIN [-- "
    "ARGUMENT...]\n"
    "       plugin_check check --list\n";

int CheckCommand(const std::vector<std::string>& words) {
  absl::StatusOr<CommandLine> line = Read(words);
  if (!line.ok()) return Complain(line.status().message(), kExitUsage);
  if (line->list) {
    List();
    return kExitOk;
  }
  absl::StatusOr<std::string> path = PathOfPlugin(line->plugin);
  if (!path.ok()) return Complain(path.status().message(), kExitUsage);
  line->run.plugin.plugin = *path;
  return RunChecks(*std::move(line));
}

}  // namespace cluster
