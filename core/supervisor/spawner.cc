#include "core/supervisor/spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "ipc/fd_passing.h"

extern char** environ;

namespace cluster {
namespace {

constexpr int kChildChannelFd = 3;
constexpr absl::string_view kSelf = "/proc/self/exe";

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return ErrnoStatus("pipe2");
  Pipe pipe = {UniqueFd(fds[0]), UniqueFd(fds[1])};
  // The reader only: the child expects to block like on any pipe.
  fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

// Owns the posix_spawn structures.
class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&attributes_);
    // The child starts with no signal blocked or ignored on our account.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }

  void Give(int fd, int as) {
    posix_spawn_file_actions_adddup2(&files_, fd, as);
  }
  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
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
    result.push_back(absl::StrCat(name, "=", value));
  }
  return result;
}

// The words of the child's command line.
std::vector<std::string> MakeArguments(const ChildSpec& spec) {
  if (spec.wrap.empty()) return {spec.title};
  std::vector<std::string> words = spec.wrap;
  // This program by a name that means it in the command's process, too, also
  // when the file was replaced since.
  words.push_back(spec.executable == kSelf
                      ? absl::StrCat("/proc/", getpid(), "/exe")
                      : spec.executable);
  return words;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

absl::StatusOr<UniqueFd> OpenPidfd(pid_t pid) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd) return pidfd;
  const absl::Status status = ErrnoStatus("pidfd_open");
  // Without it the child could not be supervised.
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return status;
}

}  // namespace

absl::StatusOr<ChildProcess> Spawn(const ChildSpec& spec) {
  ASSIGN_OR_RETURN(auto channel, MakeSocketPair(SOCK_STREAM));
  SpawnActions actions;
  ChildProcess child;
  Pipe output;
  Pipe error_output;
  if (spec.capture_output) {
    ASSIGN_OR_RETURN(output, MakePipe());
    ASSIGN_OR_RETURN(error_output, MakePipe());
    actions.Give(output.writer.get(), STDOUT_FILENO);
    actions.Give(error_output.writer.get(), STDERR_FILENO);
  }
  actions.Give(channel.second.get(), kChildChannelFd);

  std::vector<std::string> environment = MakeEnvironment(spec);
  std::vector<std::string> arguments = MakeArguments(spec);
  const std::string& program =
      spec.wrap.empty() ? spec.executable : spec.wrap.front();
  const int error = posix_spawn(&child.pid,
                                program.c_str(),
                                actions.files(),
                                actions.attributes(),
                                Pointers(arguments).data(),
                                Pointers(environment).data());
  if (error != 0) return ErrnoStatus(error, "spawn", program);
  ASSIGN_OR_RETURN(child.pidfd, OpenPidfd(child.pid));
  child.channel = std::move(channel.first);
  child.output = std::move(output.reader);
  child.error_output = std::move(error_output.reader);
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

void SendSignal(int pidfd, int signal) {
  syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

void KillAndReap(int pidfd) {
  SendSignal(pidfd, SIGKILL);
  siginfo_t info;
  while (waitid(static_cast<idtype_t>(P_PIDFD), pidfd, &info, WEXITED) != 0 &&
         errno == EINTR) {
  }
}

}  // namespace cluster
