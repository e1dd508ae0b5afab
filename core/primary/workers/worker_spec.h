// WorkerSpec: what a worker runs, and how its process is started.
//
// With a plugin, the process loads it and its own program is of no concern.
// Without one, the program has the worker's code linked into it.
//
// Thread safety: plain values. Lifetime: `plugin_file` and the descriptors of
// `stdio` are borrowed.
#ifndef CORE_PRIMARY_WORKERS_WORKER_SPEC_H_
#define CORE_PRIMARY_WORKERS_WORKER_SPEC_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/supervisor/stdio_plan.h"

namespace cluster {

struct WorkerSpec {
  std::string name = {};         // for process titles and messages
  std::string plugin_path = {};  // absolute; empty: none
  int plugin_file = -1;          // pinned: what the worker loads
  std::vector<std::pair<std::string, std::string>> config = {};
  std::vector<std::string> arguments = {};  // the plugin's
  bool allow_draft = false;                 // services that may still change
  // Values go from the primary to it, and from it to anybody, as JSON text.
  bool json_values = false;
  // SIGTERM asks the primary for a drain, instead of ending the worker.
  bool drain_on_sigterm = false;

  std::string executable = "/proc/self/exe";
  // The process's; empty: a title made of its id and `name`.
  std::vector<std::string> command_line = {};
  // What differs from this process's environment: set, or (without a value)
  // removed.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment =
      {};
  StdioPlan stdio = InheritedStdio();
  // Lines that come from pipes in slots 1 and 2 are told to the observer, and
  // no other pipe may be in the plan. Without it, all pipes are the caller's.
  bool capture_output = false;
  std::string working_directory = {};  // empty: this process's
  std::optional<uid_t> uid = std::nullopt;
  std::optional<gid_t> gid = std::nullopt;
  // The worker is started by this command: a path and its arguments; empty: by
  // itself.
  std::vector<std::string> wrap = {};
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_SPEC_H_
