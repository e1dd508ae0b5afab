// The test's own binary is the child, too: with SPAWNER_TEST_CHILD set it does
// what that says.
#include "core/supervisor/spawner.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "core/supervisor/stdio_plan.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

constexpr char kChildVariable[] = "SPAWNER_TEST_CHILD";

ChildSpec Child(const std::string& does) {
  return {.executable = "/proc/self/exe",
          .arguments = {"the title"},
          .environment = {{kChildVariable, does}},
          .stdio = CapturedOutput()};
}

// Reads until the other end is closed.
std::string ReadAll(int fd) {
  std::string all;
  char buffer[512];
  while (true) {
    pollfd poll_fd = {fd, POLLIN, 0};
    poll(&poll_fd, 1, -1);
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count <= 0) return all;
    all.append(buffer, static_cast<size_t>(count));
  }
}

// What a child of standard output 1 prints.
std::string Prints(const ChildSpec& spec) {
  return ReadAll(Spawn(spec)->pipes[1].get());
}

WorkerExit WaitFor(const ChildProcess& child) {
  pollfd poll_fd = {child.pidfd.get(), POLLIN, 0};
  poll(&poll_fd, 1, -1);
  return Reap(child.pidfd.get()).value_or(WorkerExit{.code = -99});
}

TEST(SpawnerTest, ChannelIsDescriptorThree) {
  const ChildProcess child = *Spawn(Child("echo channel"));
  ASSERT_EQ(write(child.channel.get(), "hello", 5), 5);
  shutdown(child.channel.get(), SHUT_WR);
  EXPECT_EQ(ReadAll(child.channel.get()), "hello");
  EXPECT_EQ(WaitFor(child).code, 0);
}

TEST(SpawnerTest, ChildInheritsNothingElse) {
  const UniqueFd not_for_it(open("/dev/null", O_RDONLY));
  ChildSpec spec = Child("list descriptors");
  EXPECT_EQ(Prints(spec), "0 1 2 3 ");
  spec.gid = getgid();  // goes another way
  EXPECT_EQ(Prints(spec), "0 1 2 3 ");
}

TEST(SpawnerTest, OutputsArePipes) {
  const ChildProcess child = *Spawn(Child("print"));
  EXPECT_EQ(ReadAll(child.pipes[1].get()), "to output");
  EXPECT_EQ(ReadAll(child.pipes[2].get()), "to error");
}

TEST(SpawnerTest, OutputsAreInheritedIfNotCaptured) {
  ChildSpec spec = Child("exit 0");
  spec.stdio = InheritedStdio();
  const ChildProcess child = *Spawn(spec);
  for (const UniqueFd& pipe : child.pipes) EXPECT_FALSE(pipe);
  EXPECT_EQ(WaitFor(child).code, 0);
}

TEST(SpawnerTest, EnvironmentIsOverlaid) {
  setenv("SPAWNER_TEST_A", "old", 1);
  setenv("SPAWNER_TEST_AB", "kept", 1);
  ChildSpec spec = Child("print environment");
  spec.environment.emplace_back("SPAWNER_TEST_A", "new");
  EXPECT_EQ(Prints(spec), "new kept");
}

TEST(SpawnerTest, EnvironmentLosesWhatIsRemoved) {
  setenv("SPAWNER_TEST_A", "old", 1);
  setenv("SPAWNER_TEST_AB", "kept", 1);
  ChildSpec spec = Child("print environment");
  spec.environment.emplace_back("SPAWNER_TEST_A", std::nullopt);
  EXPECT_EQ(Prints(spec), "(none) kept");
}

TEST(SpawnerTest, TitleIsTheFirstArgument) {
  EXPECT_EQ(Prints(Child("print title")), "the title");
}

TEST(SpawnerTest, ArgumentsFollowTheTitle) {
  ChildSpec spec = Child("print arguments");
  spec.arguments = {"the title", "one", "two words"};
  EXPECT_EQ(Prints(spec), "[one][two words]");
  spec.wrap = {"/usr/bin/env"};
  EXPECT_EQ(Prints(spec), "[one][two words]");
}

// ---- Its descriptors

TEST(SpawnerTest, ChannelIsWhereThePlanSays) {
  ChildSpec spec = Child("list descriptors");
  spec.stdio = {{.kind = StdioSlot::Kind::kIgnore},
                {.kind = StdioSlot::Kind::kPipe},
                {.kind = StdioSlot::Kind::kIgnore},
                {.kind = StdioSlot::Kind::kIgnore},
                {.kind = StdioSlot::Kind::kPipe},
                {.kind = StdioSlot::Kind::kIpc}};
  const ChildProcess child = *Spawn(spec);
  EXPECT_EQ(ReadAll(child.pipes[1].get()), "0 1 2 3 4 5 ");
  EXPECT_EQ(ReadAll(child.channel.get()), "");
}

TEST(SpawnerTest, PipesBeyondTheStandardOnesGoBothWays) {
  ChildSpec spec = Child("echo 4");
  spec.stdio.push_back({.kind = StdioSlot::Kind::kPipe});
  const ChildProcess child = *Spawn(spec);
  ASSERT_EQ(write(child.pipes[4].get(), "hello", 5), 5);
  shutdown(child.pipes[4].get(), SHUT_WR);
  EXPECT_EQ(ReadAll(child.pipes[4].get()), "hello");
}

TEST(SpawnerTest, StandardInputIsAPipeToTheChild) {
  ChildSpec spec = Child("echo input");
  spec.stdio = PipedStdio();
  ChildProcess child = *Spawn(spec);
  ASSERT_EQ(write(child.pipes[0].get(), "hello", 5), 5);
  child.pipes[0].Reset();
  EXPECT_EQ(ReadAll(child.pipes[1].get()), "hello");
}

// Numbers that the child's own collide with are the hard case.
TEST(SpawnerTest, DescriptorsAreGivenByNumber) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  UniqueFd reader(fds[0]);
  UniqueFd writer(fds[1]);
  ChildSpec spec = Child("print");
  spec.stdio = InheritedStdio();
  spec.stdio[1] = {.kind = StdioSlot::Kind::kFd, .fd = writer.get()};
  spec.stdio[2] = {.kind = StdioSlot::Kind::kFd, .fd = writer.get()};
  const ChildProcess child = *Spawn(spec);
  writer.Reset();
  EXPECT_EQ(WaitFor(child).code, 0);
  EXPECT_EQ(ReadAll(reader.get()), "to errorto output");
}

TEST(SpawnerTest, DescriptorThatIsNotOpenIsRefused) {
  ChildSpec spec = Child("exit 0");
  spec.stdio.push_back({.kind = StdioSlot::Kind::kFd, .fd = 9'999});
  EXPECT_EQ(ErrnoOf(Spawn(spec).status()), EBADF);
}

TEST(SpawnerTest, PlanWithoutChannelIsRefused) {
  ChildSpec spec = Child("exit 0");
  spec.stdio.pop_back();
  EXPECT_EQ(Spawn(spec).status().code(), absl::StatusCode::kInvalidArgument);
}

// ---- Its directory

TEST(SpawnerTest, WorkingDirectoryIsTheChilds) {
  ChildSpec spec = Child("print directory");
  spec.working_directory = "/";
  EXPECT_EQ(Prints(spec), "/");
}

TEST(SpawnerTest, MissingWorkingDirectoryIsNamed) {
  ChildSpec spec = Child("exit 0");
  spec.working_directory = "/does/not/exist";
  const auto child = Spawn(spec);
  EXPECT_EQ(ErrnoOf(child.status()), ENOENT);
  EXPECT_THAT(child.status().message(), HasSubstr("/does/not/exist"));
}

// The shell stays, as the child's parent.
const std::vector<std::string> kUnderShell = {
    "/bin/sh", "-c", "echo under $0; \"$@\"; exit $(($? + 1))", "wrap"};

TEST(SpawnerTest, WrapGetsTheChildsCommandLine) {
  ChildSpec spec = Child("print");
  spec.wrap = kUnderShell;
  const ChildProcess child = *Spawn(spec);
  EXPECT_EQ(ReadAll(child.pipes[1].get()), "under wrap\nto output");
  EXPECT_EQ(ReadAll(child.pipes[2].get()), "to error");
  EXPECT_EQ(WaitFor(child).code, 1) << "the exit code is the command's";
}

TEST(SpawnerTest, ChannelReachesTheChildThroughWrap) {
  ChildSpec spec = Child("echo channel");
  spec.wrap = kUnderShell;
  const ChildProcess child = *Spawn(spec);
  ASSERT_EQ(write(child.channel.get(), "hello", 5), 5);
  shutdown(child.channel.get(), SHUT_WR);
  EXPECT_EQ(ReadAll(child.channel.get()), "hello");
  EXPECT_EQ(WaitFor(child).code, 1);
}

TEST(SpawnerTest, MissingWrapIsNamed) {
  ChildSpec spec = Child("exit 0");
  spec.wrap = {"/does/not/exist", "-x"};
  const auto child = Spawn(spec);
  EXPECT_EQ(ErrnoOf(child.status()), ENOENT);
  EXPECT_THAT(child.status().message(), HasSubstr("/does/not/exist"));
}

TEST(SpawnerTest, SignalsAreAsInAFreshProcess) {
  signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  const ChildProcess child = *Spawn(Child("print signals"));
  sigprocmask(SIG_UNBLOCK, &blocked, nullptr);
  EXPECT_EQ(ReadAll(child.pipes[1].get()), "SigBlk 0 SigIgn 0 ");
}

TEST(SpawnerTest, ExitCodeIsReaped) {
  const ChildProcess child = *Spawn(Child("exit 7"));
  EXPECT_EQ(WaitFor(child), (WorkerExit{.code = 7, .signal = 0}));
}

TEST(SpawnerTest, SignalIsReaped) {
  const ChildProcess child = *Spawn(Child("wait"));
  EXPECT_EQ(Reap(child.pidfd.get()), std::nullopt) << "it runs";
  SendSignal(child.pidfd.get(), SIGKILL);
  EXPECT_EQ(WaitFor(child), (WorkerExit{.code = 0, .signal = SIGKILL}));
  SendSignal(child.pidfd.get(), SIGKILL);
}

// With SIGCHLD ignored, as some parents leave it, the kernel reaps by itself.
TEST(SpawnerTest, ChildThatWasReapedElsewhereHasEnded) {
  signal(SIGCHLD, SIG_IGN);
  // It ends when it is told to: else it may be gone before it has a pidfd.
  ChildProcess child = *Spawn(Child("wait"));
  child.channel.Reset();
  const WorkerExit exit = WaitFor(child);
  signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(exit, (WorkerExit{.code = kExitUnknown, .signal = 0}));
}

TEST(SpawnerTest, ChannelEndsWithTheChild) {
  const ChildProcess child = *Spawn(Child("exit 0"));
  EXPECT_EQ(ReadAll(child.channel.get()), "");
}

TEST(SpawnerTest, NothingLeaks) {
  const size_t before = OpenFds();
  {
    const ChildProcess child = *Spawn(Child("exit 0"));
    EXPECT_EQ(OpenFds(), before + 4);
    WaitFor(child);
  }
  EXPECT_EQ(OpenFds(), before);
}

TEST(SpawnerTest, MissingExecutableLeavesNothing) {
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  const size_t before = OpenFds();
  const auto child =
      Spawn({.executable = "/does/not/exist", .arguments = {"x"}});
  EXPECT_EQ(ErrnoOf(child.status()), ENOENT);
  EXPECT_THAT(child.status().message(), HasSubstr("/does/not/exist"));
  EXPECT_EQ(OpenFds(), before);
  siginfo_t info;
  EXPECT_EQ(waitid(P_ALL, 0, &info, WEXITED | WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "there is no child";
}

// ---- The child

void ListDescriptors() {
  DIR* const directory = opendir("/proc/self/fd");
  std::vector<int> numbers;
  while (const dirent* entry = readdir(directory)) {
    const int number = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number != dirfd(directory)) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  for (const int number : numbers) printf("%d ", number);
}

// The standard signals: numbers 32 and 33 are the C library's own.
void PrintSignals() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("SigBlk") || line.starts_with("SigIgn")) {
      const auto set = std::stoull(line.substr(8), nullptr, 16);
      printf("%s %llx ", line.substr(0, 6).c_str(), set & 0x7fffffff);
    }
  }
}

void Echo(int from, int to) {
  char byte;
  while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1) {
  }
}

int BeChild(const std::string& does, char** argv) {
  const char* title = *argv;
  if (does == "echo 4") Echo(4, 4);
  if (does == "echo input") Echo(STDIN_FILENO, STDOUT_FILENO);
  if (does == "print directory")
    printf("%s", std::string(getcwd(nullptr, 0)).c_str());
  while (does == "print arguments" && *++argv != nullptr) printf("[%s]", *argv);
  if (does == "exit 7") return 7;
  if (does == "list descriptors") ListDescriptors();
  if (does == "print title") printf("%s", title);
  if (does == "print signals") PrintSignals();
  if (does == "print") {
    printf("to output");
    fprintf(stderr, "to error");
  }
  if (does == "print environment") {
    const char* a = getenv("SPAWNER_TEST_A");
    printf("%s %s", a == nullptr ? "(none)" : a, getenv("SPAWNER_TEST_AB"));
  }
  char byte;
  if (does == "wait") {
    pollfd poll_fd = {3, POLLIN, 0};
    poll(&poll_fd, 1, -1);
  }
  while (does == "echo channel") {
    pollfd poll_fd = {3, POLLIN, 0};
    poll(&poll_fd, 1, -1);
    if (read(3, &byte, 1) != 1 || write(3, &byte, 1) != 1) break;
  }
  fflush(stdout);
  return 0;
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  if (const char* does = getenv("SPAWNER_TEST_CHILD")) {
    _exit(cluster::BeChild(does, argv));
  }
  // What the test's own parent left open is no concern of the spawner.
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
