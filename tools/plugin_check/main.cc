// plugin_check: looks at the file of a plugin without running its code, or
// drives it and reports what it does wrong.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "core/host/version.h"
#include "plugins/abi/cluster_plugin.h"
#include "tools/plugin_check/check_command.h"
#include "tools/plugin_check/inspect_command.h"
#include "tools/plugin_check/probe/probe_main.h"
#include "tools/plugin_check/probe/probe_request.h"
#include "tools/plugin_check/probe_process.h"

namespace cluster {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitUsage = 2;

constexpr char kUsage[] =
    "Usage: plugin_check inspect [--json] [--allow_draft] PLUGIN...\n"
    "%s"
    "\n"
    "inspect prints what the files say: name, kind, ABI, services, compiler,\n"
    "build id, symbols. Nothing of them is loaded or run.\n"
    "check drives the plugin through its states on a host that is made for "
    "it,\n"
    "each check in a process of its own: connections of all kinds, functions "
    "of\n"
    "the host that fail, what is left behind. PLUGIN is a path, or the name "
    "of\n"
    "a plugin that came with the host.\n"
    "\n"
    "  --json           one JSON object a line, for programs\n"
    "  --list           what is checked\n"
    "  --only=NAME,...  these checks and no others; what follows a ':' may be\n"
    "                   omitted\n"
    "  --timeout=10s    for one process; when it is over, the plugin hangs\n"
    "  --set KEY=VALUE  a setting of the plugin, as the host has it\n"
    "  --help           print this\n"
    "  --version        print versions\n"
    "\n"
    "Exit codes: 0 this host can run them, or no check failed; 1 it cannot "
    "run\n"
    "one of them, or a check failed; 2 wrong use (standard error says why).\n";

int Complain(const std::string& what) {
  std::fprintf(stderr, "plugin_check: %s\n", what.c_str());
  return kExitUsage;
}

int RunAsProbe(const std::vector<std::string>& words) {
  const std::optional<ProbeRequest> request = FromArguments(words);
  if (!request) return Complain("that is not for people: see --help");
  return ProbeMain(*request);
}

// Before the plugin's own arguments.
bool Has(const std::vector<std::string>& words, const char* flag) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, flag) != end;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty()) {
    return Complain("no command: write plugin_check inspect PLUGIN or check");
  }
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (words.front() == kProbeRole) return RunAsProbe(rest);
  if (Has(words, "--help") || Has(words, "-h")) {
    std::printf(kUsage, kCheckUsage);
    return kExitOk;
  }
  if (Has(words, "--version")) {
    std::printf("cluster plugin_check %s\nplugin ABI %u.%u\n",
                kVersion,
                unsigned{CLUSTER_ABI_MAJOR},
                unsigned{CLUSTER_ABI_MINOR});
    return kExitOk;
  }
  if (words.front() == "inspect") return InspectCommand(rest);
  if (words.front() == "check") return CheckCommand(rest);
  if (words.front().starts_with("-")) {
    return Complain("unknown flag " + words.front() + ": --help lists all");
  }
  return Complain("unknown command " + words.front() +
                  ": write inspect or check");
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  return cluster::Main(std::vector<std::string>(argv + 1, argv + argc));
}
