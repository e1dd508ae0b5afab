#include "core/supervisor/spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/supervisor/spawn_as.h"
#include "ipc/fd_passing.h"

extern char** environ;

namespace cluster {
namespace {

constexpr absl::string_view kSelf = "/proc/self/exe";

// The two ends of a pipe or a socket: ours, non-blocking, and the child's.
struct Ends {
  UniqueFd ours;
  UniqueFd childs;
};

absl::StatusOr<Ends> MakePipe(bool child_writes) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return ErrnoStatus("pipe2");
  UniqueFd reader(fds[0]);
  UniqueFd writer(fds[1]);
  Ends ends = child_writes ? Ends{std::move(reader), std::move(writer)}
                           : Ends{std::move(writer), std::move(reader)};
  // Only ours: the child expects to block like on any pipe.
  fcntl(ends.ours.get(), F_SETFL, O_NONBLOCK);
  return ends;
}

absl::StatusOr<Ends> MakeTwoWay() {
  ASSIGN_OR_RETURN(auto pair, MakeSocketPair(SOCK_STREAM));
  fcntl(pair.second.get(), F_SETFL, 0);
  return Ends{std::move(pair.first), std::move(pair.second)};
}

absl::StatusOr<UniqueFd> OpenNull() {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return ErrnoStatus("open", "/dev/null");
  return null;
}

// What the child gets, by its number there. The numbers here are all above
// those, so that none is overwritten before it is copied.
class ChildDescriptors {
 public:
  explicit ChildDescriptors(const StdioPlan& plan) : plan_(plan) {}

  // Opens what the plan says; `child` gets our ends.
  absl::Status Open(ChildProcess* child) {
    child->pipes.resize(plan_.size());
    for (size_t i = 0; i < plan_.size(); ++i) {
      ASSIGN_OR_RETURN(UniqueFd opened, OpenSlot(i, child));
      UniqueFd high(
          fcntl(opened.get(), F_DUPFD_CLOEXEC, static_cast<int>(plan_.size())));
      if (!high) return ErrnoStatus("fcntl", "copy of a descriptor");
      copies_.push_back(std::move(high));
    }
    return absl::OkStatus();
  }

  std::vector<std::pair<int, int>> Pairs() const {
    std::vector<std::pair<int, int>> pairs;
    for (size_t i = 0; i < copies_.size(); ++i) {
      pairs.emplace_back(copies_[i].get(), static_cast<int>(i));
    }
    return pairs;
  }

 private:
  absl::StatusOr<UniqueFd> OpenSlot(size_t i, ChildProcess* child) {
    const StdioSlot& slot = plan_[i];
    if (slot.kind == StdioSlot::Kind::kIgnore) return OpenNull();
    if (slot.kind == StdioSlot::Kind::kIpc) {
      ASSIGN_OR_RETURN(auto pair, MakeSocketPair(SOCK_STREAM));
      child->channel = std::move(pair.first);
      return std::move(pair.second);
    }
    if (slot.kind == StdioSlot::Kind::kPipe) {
      ASSIGN_OR_RETURN(
          Ends ends,
          i > STDERR_FILENO ? MakeTwoWay() : MakePipe(i != STDIN_FILENO));
      child->pipes[i] = std::move(ends.ours);
      return std::move(ends.childs);
    }
    const bool inherit = slot.kind == StdioSlot::Kind::kInherit;
    const int source = inherit ? static_cast<int>(i) : slot.fd;
    UniqueFd copy(fcntl(source, F_DUPFD_CLOEXEC, 0));
    if (copy) return copy;
    // A process that was itself started without one has none to give.
    if (inherit && errno == EBADF) return OpenNull();
    return ErrnoStatus("fcntl", absl::StrCat("descriptor ", source));
  }

  const StdioPlan& plan_;
  std::vector<UniqueFd> copies_;
};

// Owns the posix_spawn structures.
class SpawnActions {
 public:
  SpawnActions() {
    Note(posix_spawn_file_actions_init(&files_));
    Note(posix_spawnattr_init(&attributes_));
    // The child starts with no signal blocked or ignored on our account.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    Note(posix_spawnattr_setsigmask(&attributes_, &none));
    Note(posix_spawnattr_setsigdefault(&attributes_, &all));
    Note(posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }

  void Give(int fd, int as) {
    Note(posix_spawn_file_actions_adddup2(&files_, fd, as));
  }
  void CloseFrom(int number) {
    Note(posix_spawn_file_actions_addclosefrom_np(&files_, number));
  }
  void ChangeDirectory(const std::string& path) {
    Note(posix_spawn_file_actions_addchdir_np(&files_, path.c_str()));
  }
  // The first errno; 0: all of them are as they were asked for.
  int error() const { return error_; }
  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  void Note(int error) {
    if (error_ == 0) error_ = error;
  }

  int error_ = 0;
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

std::vector<std::string> MakeEnvironment(const ChildSpec& spec) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool replaced = false;
    for (const auto& [name, value] : spec.environment) {
      replaced |= absl::StartsWith(*entry, absl::StrCat(name, "="));
    }
    if (!replaced) result.emplace_back(*entry);
  }
  for (const auto& [name, value] : spec.environment) {
    if (value.has_value()) result.push_back(absl::StrCat(name, "=", *value));
  }
  return result;
}

// The words of the child's command line.
std::vector<std::string> MakeArguments(const ChildSpec& spec) {
  if (spec.wrap.empty()) return spec.arguments;
  std::vector<std::string> words = spec.wrap;
  // This program by a name that means it in the command's process, too, also
  // when the file was replaced since.
  words.push_back(spec.executable == kSelf
                      ? absl::StrCat("/proc/", getpid(), "/exe")
                      : spec.executable);
  words.insert(words.end(), spec.arguments.begin() + 1, spec.arguments.end());
  return words;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

absl::Status BeginAs(const SpawnAsRequest& request, pid_t* pid) {
  const char* step = "";
  const int error = SpawnAs(request, pid, &step);
  if (error == 0) return absl::OkStatus();
  return ErrnoStatus(
      error, "spawn", absl::StrCat(request.program, " (", step, ")"));
}

// Starts the child's process.
absl::Status Begin(const ChildSpec& spec,
                   const std::vector<std::pair<int, int>>& descriptors,
                   pid_t* pid) {
  std::vector<std::string> environment = MakeEnvironment(spec);
  std::vector<std::string> arguments = MakeArguments(spec);
  const std::vector<char*> environment_pointers = Pointers(environment);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::string& program =
      spec.wrap.empty() ? spec.executable : spec.wrap.front();
  const bool moves = !spec.working_directory.empty();
  if (spec.uid.has_value() || spec.gid.has_value()) {
    return BeginAs(
        {.program = program.c_str(),
         .arguments = argument_pointers.data(),
         .environment = environment_pointers.data(),
         .working_directory = moves ? spec.working_directory.c_str() : nullptr,
         .descriptors = descriptors,
         .uid = spec.uid,
         .gid = spec.gid},
        pid);
  }
  SpawnActions actions;
  for (const auto& [from, to] : descriptors) actions.Give(from, to);
  actions.CloseFrom(static_cast<int>(descriptors.size()));
  if (moves) actions.ChangeDirectory(spec.working_directory);
  // A child that lacks one of them would run with what is not its own.
  int error = actions.error();
  if (error == 0) {
    error = posix_spawn(pid,
                        program.c_str(),
                        actions.files(),
                        actions.attributes(),
                        argument_pointers.data(),
                        environment_pointers.data());
  }
  if (error == 0) return absl::OkStatus();
  return ErrnoStatus(
      error,
      "spawn",
      moves ? absl::StrCat(program, " in ", spec.working_directory) : program);
}

absl::StatusOr<UniqueFd> OpenPidfd(pid_t pid) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd) return pidfd;
  const absl::Status status = ErrnoStatus("pidfd_open");
  // Somebody else has reaped it, and the number may be anybody's.
  if (ErrnoOf(status) == ESRCH) return status;
  // Without it the child could not be supervised.
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return status;
}

}  // namespace

absl::StatusOr<ChildProcess> Spawn(const ChildSpec& spec) {
  RETURN_IF_ERROR(CheckStdio(spec.stdio));
  ChildProcess child;
  ChildDescriptors descriptors(spec.stdio);
  RETURN_IF_ERROR(descriptors.Open(&child));
  RETURN_IF_ERROR(Begin(spec, descriptors.Pairs(), &child.pid));
  ASSIGN_OR_RETURN(child.pidfd, OpenPidfd(child.pid));
  return child;
}

std::optional<WorkerExit> Reap(int pidfd) {
  siginfo_t info = {};
  if (waitid(static_cast<idtype_t>(P_PIDFD), pidfd, &info, WEXITED | WNOHANG) !=
      0) {
    if (errno != ECHILD) return std::nullopt;
    return WorkerExit{.code = kExitUnknown};
  }
  if (info.si_pid == 0) return std::nullopt;
  if (info.si_code == CLD_EXITED) return WorkerExit{.code = info.si_status};
  return WorkerExit{.signal = info.si_status};
}

int SendSignal(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return 0;
  return errno == ESRCH ? 0 : errno;
}

void KillAndReap(int pidfd) {
  (void)SendSignal(pidfd, SIGKILL);
  siginfo_t info;
  while (waitid(static_cast<idtype_t>(P_PIDFD), pidfd, &info, WEXITED) != 0 &&
         errno == EINTR) {
  }
}

}  // namespace cluster
