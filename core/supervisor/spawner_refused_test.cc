// What the C library and the kernel may refuse a Spawn(): this test stands in
// front of them.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstddef>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/supervisor/spawner.h"
#include "core/supervisor/stdio_plan.h"
#include "ipc/open_fds.h"

namespace {

// The errno of each; 0: it is not refused.
int g_dup2_error = 0;
int g_pidfd_open_error = 0;
int g_kills = 0;

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int posix_spawn_file_actions_adddup2(
    posix_spawn_file_actions_t* actions, int fd, int as) __THROW {
  if (g_dup2_error != 0) return g_dup2_error;
  static const auto real = Real<int(posix_spawn_file_actions_t*, int, int)>(
      "posix_spawn_file_actions_adddup2");
  return real(actions, fd, as);
}

extern "C" int kill(pid_t pid, int signal) __THROW {
  ++g_kills;
  static const auto real = Real<int(pid_t, int)>("kill");
  return real(pid, signal);
}

extern "C" long syscall(long number, ...) __THROW {
  if (number == SYS_pidfd_open && g_pidfd_open_error != 0) {
    errno = g_pidfd_open_error;
    return -1;
  }
  va_list list;
  va_start(list, number);
  std::array<long, 6> with;
  for (long& argument : with) argument = va_arg(list, long);
  va_end(list);
  static const auto real =
      Real<long(long, long, long, long, long, long, long)>("syscall");
  return real(number, with[0], with[1], with[2], with[3], with[4], with[5]);
}

namespace cluster {
namespace {

ChildSpec Cat() {
  return {.executable = "/bin/cat",
          .arguments = {"cat"},
          .stdio = CapturedOutput()};
}

// It would run with a descriptor of its parent's in the channel's place.
TEST(SpawnerRefusedTest, DescriptorThatCannotBeGivenIsAnError) {
  const size_t before = OpenFds();
  g_dup2_error = ENOMEM;
  const absl::Status status = Spawn(Cat()).status();
  g_dup2_error = 0;
  EXPECT_EQ(ErrnoOf(status), ENOMEM) << status;
  EXPECT_EQ(OpenFds(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was started";
}

// Whose number it is then nobody knows.
TEST(SpawnerRefusedTest, ChildThatOthersHaveReapedIsNotKilled) {
  g_pidfd_open_error = ESRCH;
  g_kills = 0;
  const absl::Status status = Spawn(Cat()).status();
  g_pidfd_open_error = 0;
  EXPECT_EQ(ErrnoOf(status), ESRCH) << status;
  EXPECT_EQ(g_kills, 0);
  EXPECT_GT(waitpid(-1, nullptr, 0), 0) << "here it is still the test's";
}

TEST(SpawnerRefusedTest, ChildThatCannotBeWatchedIsKilledAndReaped) {
  g_pidfd_open_error = EMFILE;
  g_kills = 0;
  const absl::Status status = Spawn(Cat()).status();
  g_pidfd_open_error = 0;
  EXPECT_EQ(ErrnoOf(status), EMFILE) << status;
  EXPECT_EQ(g_kills, 1);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
}

}  // namespace
}  // namespace cluster
