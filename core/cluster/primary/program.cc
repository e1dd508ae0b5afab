#include "core/cluster/primary/program.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <vector>

#include "core/base/errno_status.h"
#include "core/base/resolve_path.h"
#include "core/base/status_macros.h"
#include "core/supervisor/stdio_plan.h"

namespace cluster {
namespace {

constexpr char kSelf[] = "/proc/self/exe";

StdioSlot ToSlot(const Stdio& stdio) {
  switch (stdio.kind) {
    case Stdio::Kind::kPipe:
      return {.kind = StdioSlot::Kind::kPipe};
    case Stdio::Kind::kInherit:
      return {.kind = StdioSlot::Kind::kInherit};
    case Stdio::Kind::kIgnore:
      return {.kind = StdioSlot::Kind::kIgnore};
    case Stdio::Kind::kIpc:
      return {.kind = StdioSlot::Kind::kIpc};
    case Stdio::Kind::kFd:
      break;
  }
  return {.kind = StdioSlot::Kind::kFd, .fd = stdio.number};
}

StdioPlan ToPlan(const Settings& settings) {
  if (settings.stdio.has_value()) {
    StdioPlan plan;
    for (const Stdio& stdio : *settings.stdio) plan.push_back(ToSlot(stdio));
    return plan;
  }
  return settings.silent.value_or(false) ? PipedStdio() : InheritedStdio();
}

// Its directory is another one when it is started.
std::string Absolute(const std::string& path) {
  char directory[PATH_MAX];
  if (getcwd(directory, sizeof(directory)) == nullptr) return path;
  return ResolvePath(directory, path);
}

}  // namespace

std::string OwnProgram() {
  char path[PATH_MAX];
  const ssize_t length = readlink(kSelf, path, sizeof(path));
  return length > 0 ? std::string(path, static_cast<size_t>(length)) : kSelf;
}

absl::StatusOr<WorkerSpec> ToSpec(const Settings& settings,
                                  const Env& env,
                                  UniqueFd* plugin_file) {
  WorkerSpec spec = {
      .json_values = settings.serialization == Serialization::kJson,
      .environment = {env.begin(), env.end()},
      .stdio = ToPlan(settings),
      .working_directory = settings.cwd.value_or(""),
      .uid = settings.uid,
      .gid = settings.gid};
  // What a service manager has passed is this process's.
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
    if (!env.contains(name)) spec.environment.emplace_back(name, std::nullopt);
  }
  RETURN_IF_ERROR(CheckStdio(spec.stdio));
  const std::vector<std::string> args =
      settings.args.value_or(std::vector<std::string>());
  if (settings.plugin.has_value()) {
    spec.plugin_path = Absolute(*settings.plugin);
    spec.name = spec.plugin_path.substr(spec.plugin_path.rfind('/') + 1);
    spec.arguments = args;
    // Without O_NONBLOCK a FIFO would hold the program until someone writes.
    plugin_file->Reset(
        open(spec.plugin_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!*plugin_file) return ErrnoStatus("open", spec.plugin_path);
    spec.plugin_file = plugin_file->get();
    return spec;
  }
  const std::string exec = settings.exec.value_or(kSelf);
  // What runs is what this process is, also when the file was replaced.
  spec.executable = exec == OwnProgram() ? kSelf : Absolute(exec);
  spec.command_line.push_back(exec);
  for (const std::string& word :
       settings.exec_args.value_or(std::vector<std::string>())) {
    spec.command_line.push_back(word);
  }
  spec.command_line.insert(spec.command_line.end(), args.begin(), args.end());
  return spec;
}

}  // namespace cluster
