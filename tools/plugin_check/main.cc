// plugin_check: looks at the file of a plugin without running its code.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "plugins/host/plugin_name.h"
#include "tools/plugin_check/inspect.h"
#include "tools/plugin_check/report.h"

namespace cluster {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitUnfit = 1;
constexpr int kExitUsage = 2;

constexpr char kUsage[] =
    "Usage: plugin_check inspect [--json] PLUGIN...\n"
    "\n"
    "Prints what the files say: name, kind, ABI, services, compiler, build "
    "id,\n"
    "symbols. Nothing of them is loaded or run. PLUGIN is a path, or the name\n"
    "of a plugin that came with the host.\n"
    "\n"
    "  --json  one JSON object a line, for programs\n"
    "  --help  print this\n"
    "\n"
    "Exit codes: 0 this host can run them, 1 it cannot run one of them, or it\n"
    "is no plugin (standard error says why), 2 wrong use.\n";

int Complain(absl::string_view what, int code) {
  std::fprintf(stderr, "plugin_check: %s\n", std::string(what).c_str());
  return code;
}

// Where the command was typed, also under `bazel run`.
std::string WorkingDirectory() {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory != nullptr && directory[0] == '/') return directory;
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

absl::StatusOr<Inspection> Look(const std::string& plugin) {
  absl::StatusOr<std::string> path =
      FindPlugin(plugin, BundledPluginDirs(), WorkingDirectory());
  if (!path.ok()) return path.status();
  return InspectPlugin(*path);
}

int Inspect(const std::vector<std::string>& plugins, bool json) {
  int code = kExitOk;
  absl::string_view separator = "";
  for (const std::string& plugin : plugins) {
    const absl::StatusOr<Inspection> seen = Look(plugin);
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

int Main(const std::vector<std::string>& arguments) {
  bool json = false;
  std::vector<std::string> words;
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      std::fputs(kUsage, stdout);
      return kExitOk;
    }
    if (argument == "--json") {
      json = true;
    } else if (absl::StartsWith(argument, "-")) {
      return Complain(
          absl::StrCat("unknown flag ", argument, ": --help lists all"),
          kExitUsage);
    } else {
      words.push_back(argument);
    }
  }
  if (words.empty()) {
    return Complain("no command: write plugin_check inspect PLUGIN",
                    kExitUsage);
  }
  if (words.front() != "inspect") {
    return Complain(
        absl::StrCat("unknown command ", words.front(), ": write inspect"),
        kExitUsage);
  }
  words.erase(words.begin());
  if (words.empty()) {
    return Complain("inspect needs a plugin: a path or a name", kExitUsage);
  }
  return Inspect(words, json);
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  return cluster::Main(std::vector<std::string>(argv + 1, argv + argc));
}
