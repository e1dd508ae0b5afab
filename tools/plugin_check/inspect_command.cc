#include "tools/plugin_check/inspect_command.h"

#include <cstdio>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/plugin_check/inspect.h"
#include "tools/plugin_check/named_plugin.h"
#include "tools/plugin_check/report.h"

namespace cluster {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitUnfit = 1;
constexpr int kExitUsage = 2;

int Complain(absl::string_view what, int code) {
  std::fprintf(stderr, "plugin_check: %s\n", std::string(what).c_str());
  return code;
}

absl::StatusOr<Inspection> Look(const std::string& plugin, bool allow_draft) {
  absl::StatusOr<std::string> path = PathOfPlugin(plugin);
  if (!path.ok()) return path.status();
  return InspectPlugin(*path, allow_draft);
}

int Inspect(const std::vector<std::string>& plugins,
            bool json,
            bool allow_draft) {
  int code = kExitOk;
  absl::string_view separator = "";
  for (const std::string& plugin : plugins) {
    const absl::StatusOr<Inspection> seen = Look(plugin, allow_draft);
    std::string text = std::string(separator);
    if (json) {
      text = seen.ok() ? FormatJson(*seen) : FormatJson(plugin, seen.status());
    } else if (seen.ok()) {
      absl::StrAppend(&text, FormatTable(*seen));
      separator = "\n";
    }
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    const absl::Status verdict = seen.ok() ? seen->verdict : seen.status();
    if (!verdict.ok()) code = Complain(verdict.message(), kExitUnfit);
  }
  return code;
}

}  // namespace

int InspectCommand(const std::vector<std::string>& words) {
  bool json = false;
  bool allow_draft = false;
  std::vector<std::string> plugins;
  for (const std::string& word : words) {
    if (word == "--json") {
      json = true;
    } else if (word == "--allow_draft") {
      allow_draft = true;
    } else if (absl::StartsWith(word, "-")) {
      return Complain(absl::StrCat("unknown flag ", word, ": --help lists all"),
                      kExitUsage);
    } else {
      plugins.push_back(word);
    }
  }
  if (plugins.empty()) {
    return Complain("inspect needs a plugin: a path or a name", kExitUsage);
  }
  return Inspect(plugins, json, allow_draft);
}

}  // namespace cluster
