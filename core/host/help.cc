#include "core/host/help.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/host/version.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

constexpr absl::string_view kWhat = "What to run";
constexpr absl::string_view kListening = "Listening";
constexpr absl::string_view kScheduling = "Scheduling";
constexpr absl::string_view kWorkers = "Workers";
constexpr absl::string_view kOperation = "Operation";
constexpr absl::string_view kMetrics = "Metrics";
constexpr absl::string_view kLogging = "Logging";
constexpr absl::string_view kOther = "Other";

constexpr FlagHelp kFlags[] = {
    {"PLUGIN",
     "",
     kWhat,
     "a plugin's shared object (a path to a .so), or the\n"
     "name of one the host brings (default: hello_http)"},
    {"--set",
     "KEY=VALUE",
     kWhat,
     "a setting for the plugin; repeatable. KEY=@FILE\n"
     "takes the contents of a file of at most 1 MiB",
     true},

    {"--listen",
     "ADDR[,ADDR...]",
     kListening,
     "host:port, [ipv6]:port, :port, unix:path, fd:N,\n"
     "systemd or systemd:NAME (sockets it passes),\n"
     "udp:host:port (for plugins that take datagrams);\n"
     "port 0 picks a free one; repeatable\n"
     "(default: 127.0.0.1:8080)",
     true},
    {"--backlog",
     "N",
     kListening,
     "connections the kernel keeps until they are\n"
     "accepted, 1 to 65535 (default: 511)"},

    {"--policy",
     "NAME[:PARAMETER=VALUE,...]",
     kScheduling,
     "which worker gets the next connection, as in\n"
     "round_robin or p2c:d=3; help lists all (default:\n"
     "least_connections); with steer: random (its\n"
     "default) or cpu_local"},
    {"--weights",
     "N,N,...",
     kScheduling,
     "relative shares of the workers, each 1 to 65536\n"
     "(default: all equal)"},
    {"--max_connections",
     "N[,N...]",
     kScheduling,
     "connections a worker has at most, all or each;\n"
     "more wait, 0 is no limit (default: 0)"},
    {"--slow_start",
     "DURATION",
     kScheduling,
     "how long the share of a worker that has just\n"
     "started rises (default: 0, at once)"},
    {"--eject",
     "N",
     kScheduling,
     "failures in a row for which a worker gets nothing\n"
     "for 30s or more, 0 is off (default: 0)"},
    {"--data_path",
     "handoff|share|steer",
     kScheduling,
     "handoff: the primary accepts and picks a worker;\n"
     "share: all workers accept, the kernel picks\n"
     "steer: each worker has a socket of its own, and the\n"
     "kernel picks one (SO_REUSEPORT with a program)\n"
     "(default: handoff)"},
    {"--gather_us",
     "N",
     kScheduling,
     "microseconds for which connections collect under load\n"
     "before they are accepted, up to four times as long if\n"
     "that takes long; 0 (off) to 10000 (default: 300)"},
    {"--pending",
     "N",
     kScheduling,
     "accepted connections that may wait for a worker,\n"
     "0 to 1000000 (default: 4096)"},
    {"--pending_timeout",
     "DURATION",
     kScheduling,
     "how long one of them waits before it is closed\n"
     "(default: 30s)"},

    {"--workers",
     "N|auto",
     kWorkers,
     "worker processes, 1 to 1024 (default: auto, one\n"
     "for each CPU this process may use)"},
    {"--drain_timeout",
     "DURATION",
     kWorkers,
     "time to finish open connections when ending, then\n"
     "they are closed; inf: no limit (default: 30s)"},
    {"--restarts",
     "N",
     kWorkers,
     "dead workers that are replaced within the period;\n"
     "one more ends the host, 0 to 1000000 (default: 5)"},
    {"--restart_period",
     "DURATION",
     kWorkers,
     "the period for --restarts (default: 10s)"},
    {"--start_timeout",
     "DURATION",
     kWorkers,
     "a worker whose plugin takes longer to load, create\n"
     "and start is replaced; 0: no limit (default: 30s)"},
    {"--heartbeat_timeout",
     "DURATION",
     kWorkers,
     "a worker whose plugin has sent heartbeats and is\n"
     "silent for longer is replaced; 0: off (default: 0)"},
    {"--wrap",
     "COMMAND",
     kWorkers,
     "start each worker under a command, such as\n"
     "'gdb --args'; words are split, no shell runs"},
    {"--allow_draft",
     "",
     kWorkers,
     "lend plugins draft services, which may change or go\n"
     "from one version of the host to the next"},

    {"--admin",
     "PATH",
     kOperation,
     "a Unix socket, of your user alone, at which\n"
     "clusterctl shows and changes this host (default:\n"
     "none)"},
    {"--record_trace",
     "PATH",
     kOperation,
     "record when connections came, whose and how long they\n"
     "lasted, for policy_lab --replay (default: no)"},

    {"--metrics_file",
     "PATH",
     kMetrics,
     "write metrics there, as Prometheus reads them from\n"
     "node_exporter's text files (default: none)"},
    {"--metrics_interval",
     "DURATION",
     kMetrics,
     "how often metrics are written (default: 5s)"},

    {"--log_format",
     "text|json",
     kLogging,
     "lines for people or for machines (default: text)"},
    {"--log_level",
     "LEVEL",
     kLogging,
     "the least of debug, info, warning and error that\n"
     "is logged, to standard error (default: info)"},
    {"--raw_output",
     "",
     kLogging,
     "pass on what plugins print without the worker's\n"
     "number in front of each line"},

    {"--help", "", kOther, "print this"},
    {"--version", "", kOther, "print versions"},
};

constexpr absl::string_view kUsage =
    "Usage: host [PLUGIN] [FLAGS] [-- PLUGIN ARGUMENTS]\n"
    "\n"
    "Serves connections with several worker processes that load one plugin.\n";

constexpr absl::string_view kNotes =
    "\n"
    "A DURATION has a unit: 500ms, 30s, 2m. Relative paths start at the\n"
    "working directory. What stands after the first -- goes to the plugin.\n"
    "\n"
    "Examples:\n"
    "  host --workers=4 --listen=127.0.0.1:8080,unix:run/host.sock\n"
    "  host ./libfoo.so --set greeting=hello --policy=least_connections\n"
    "\n"
    "Exit codes: 0 clean end, 1 internal error, 2 bad command line,\n"
    "3 address cannot be bound, 4 workers died too often, 5 plugin refused,\n"
    "by the host or its workers, 130 and 143 second SIGINT and SIGTERM.\n";

std::string FlagColumn(const FlagHelp& flag) {
  return flag.value.empty() ? std::string(flag.name)
                            : absl::StrCat(flag.name, "=", flag.value);
}

std::string FlagLines(const FlagHelp& flag) {
  constexpr int kColumn = 26;
  const std::string indent(kColumn, ' ');
  const std::string name = absl::StrCat("  ", FlagColumn(flag));
  const std::string text =
      absl::StrReplaceAll(flag.text, {{"\n", absl::StrCat("\n", indent)}});
  if (name.size() >= kColumn) {
    return absl::StrCat(name, "\n", indent, text, "\n");
  }
  return absl::StrFormat("%-*s%s\n", kColumn, name, text);
}

constexpr absl::string_view Compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::span<const FlagHelp> AllFlags() { return kFlags; }

std::string HelpText() {
  std::string help(kUsage);
  absl::string_view group;
  for (const FlagHelp& flag : kFlags) {
    if (flag.group != group) {
      group = flag.group;
      absl::StrAppend(&help, "\n", group, ":\n");
    }
    absl::StrAppend(&help, FlagLines(flag));
  }
  absl::StrAppend(&help, kNotes);
  return help;
}

std::string VersionText() {
  return absl::StrCat("cluster host ",
                      kVersion,
                      "\nplugin ABI ",
                      CLUSTER_ABI_MAJOR,
                      ".",
                      CLUSTER_ABI_MINOR,
                      "\ncompiled by ",
                      Compiler(),
                      "\n");
}

}  // namespace cluster
