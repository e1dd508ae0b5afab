#include "core/supervisor/spawn_as.h"

#include <grp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace cluster {
namespace {

// Of the child, in memory that both have until it executes.
struct Failure {
  int error = 0;
  const char* step = "";
};

// The kernel's own calls: the C library's would change the ids of all threads
// of the process whose memory this is.
int SetIds(const SpawnAsRequest& request, const char** step) {
  *step = "setgroups";
  // Only root has groups to drop that others may not keep.
  if (syscall(SYS_setgroups, 0, nullptr) != 0 && geteuid() == 0) return errno;
  *step = "setgid";
  if (request.gid.has_value() &&
      syscall(SYS_setresgid, *request.gid, *request.gid, *request.gid) != 0) {
    return errno;
  }
  *step = "setuid";
  if (request.uid.has_value() &&
      syscall(SYS_setresuid, *request.uid, *request.uid, *request.uid) != 0) {
    return errno;
  }
  return 0;
}

int Prepare(const SpawnAsRequest& request, const char** step) {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  *step = "dup2";
  for (const auto& [from, to] : request.descriptors) {
    if (dup2(from, to) < 0) return errno;
  }
  *step = "close_range";
  if (syscall(SYS_close_range, request.descriptors.size(), ~0U, 0) != 0) {
    return errno;
  }
  *step = "chdir";
  if (request.working_directory != nullptr &&
      chdir(request.working_directory) != 0) {
    return errno;
  }
  return SetIds(request, step);
}

[[noreturn]] void BecomeTheProgram(const SpawnAsRequest& request,
                                   volatile Failure* failure) {
  const char* step = "";
  int error = Prepare(request, &step);
  if (error == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    step = "execve";
    execve(request.program, request.arguments, request.environment);
    error = errno;
  }
  failure->error = error;
  failure->step = step;
  _exit(127);
}

}  // namespace

int SpawnAs(const SpawnAsRequest& request, pid_t* pid, const char** step) {
  // No handler of this process may run in the child.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  volatile Failure failure;
  *step = "vfork";
  const pid_t child = vfork();
  if (child == 0) BecomeTheProgram(request, &failure);
  const int fork_error = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) return fork_error;
  if (failure.error == 0) {
    *pid = child;
    return 0;
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  *step = failure.step;
  return failure.error;
}

}  // namespace cluster
