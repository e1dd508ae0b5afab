// ParseCommandLine: what the user asked of the host, checked and complete.
//
// Addresses and policy names are passed on as text; ipc/address and the policy
// registry read them. Apart from files named by --set KEY=@file nothing outside
// the arguments is looked at.
//
// Thread safety: a free function, safe from any thread.
//
//   const auto command = ParseCommandLine(argc, argv, {cwd, AvailableCpus()});
//   if (!command.ok()) return Complain(command.status(), kExitUsage);
//   if (!command->print.empty()) return Print(command->print);
//   return Run(command->options);
#ifndef CORE_HOST_OPTIONS_H_
#define CORE_HOST_OPTIONS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/control/data_path.h"
#include "core/log/logger.h"

namespace cluster {

struct HostOptions {
  // What to run: an absolute path, or the bare name of a plugin that the host
  // brings (no '/', does not end in ".so").
  std::string plugin = "hello_http";
  bool plugin_is_path = false;
  std::vector<std::pair<std::string, std::string>> config;  // --set, in order
  std::vector<std::string> plugin_arguments;

  // Listening. "unix:" addresses are absolute (or abstract, "unix:@name").
  std::vector<std::string> listen = {"127.0.0.1:8080"};
  int backlog = 511;

  // Scheduling.
  std::string policy =
      "least_connections";  // empty with DataPath::kShare; steer's own
  DataPath data_path = DataPath::kHandoff;
  std::vector<uint32_t> weights;          // of the slots; empty: all equal
  std::vector<uint32_t> max_connections;  // likewise, 0: no limit; empty: none
  absl::Duration slow_start = absl::ZeroDuration();
  uint32_t eject = 0;                               // failures in a row; 0: off
  absl::Duration gather = absl::Microseconds(300);  // 0: off
  uint32_t pending = 4096;                          // connections; 0: none wait
  absl::Duration pending_timeout = absl::Seconds(30);

  // Workers.
  uint32_t workers = 1;
  absl::Duration drain_timeout = absl::Seconds(30);  // may be infinite
  uint32_t restarts = 5;  // more than these within the period end the host
  absl::Duration restart_period = absl::Seconds(10);
  absl::Duration start_timeout = absl::Seconds(30);         // 0: none
  absl::Duration heartbeat_timeout = absl::ZeroDuration();  // 0: none

  // Metrics.
  std::string metrics_file;  // absolute; empty: none
  std::string admin;         // likewise
  std::string record_trace;  // likewise
  absl::Duration metrics_interval = absl::Seconds(5);

  bool allow_draft = false;       // services that may still change
  std::vector<std::string> wrap;  // the words of a command; empty: none

  // Logging.
  LogFormat log_format = LogFormat::kText;
  LogLevel log_level = LogLevel::kInfo;
  bool raw_output = false;  // what plugins print goes out without a prefix
};

struct ParsedCommand {
  std::string print;    // not empty: write it to standard output and exit 0
  HostOptions options;  // else: run these
};

// What a command line means depends on where it was typed.
struct CommandEnvironment {
  std::string working_directory;  // absolute; relative paths start here
  uint32_t cpus = 1;              // the default number of workers
};

// Returns the working directory of the user: BUILD_WORKING_DIRECTORY, which
// `bazel run` sets, else the process's own.
std::string UserWorkingDirectory();

// Reads `argv`, whose first element is the program's name.
//   kInvalidArgument  one line that says what is wrong and what to do; report
//                     it and exit with kExitUsage
absl::StatusOr<ParsedCommand> ParseCommandLine(
    int argc, const char* const* argv, const CommandEnvironment& environment);

}  // namespace cluster

#endif  // CORE_HOST_OPTIONS_H_
