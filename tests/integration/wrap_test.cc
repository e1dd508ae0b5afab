// Workers that are started under a command (--wrap).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/unique_fd.h"
#include "core/host/host_exit.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_log.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

// The shell stays, as the worker's parent, and passes its exit code on.
constexpr char kUnderShell[] = R"(--wrap=sh -c '"$@"; exit $?' sh)";

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void ExpectEcho(HostProcess& host) {
  Client client(ConnectTo(host.port()));
  client.Send("hello");
  EXPECT_EQ(client.Read(5), "hello");
}

// The worker below the command that was started for it.
pid_t ChildOf(pid_t wrapper) {
  pid_t child = -1;
  EXPECT_TRUE(AwaitTrue([&] {
    const std::vector<pid_t> children = ChildrenOf(wrapper);
    if (children.size() == 1) child = children.front();
    return child > 0;
  }));
  return child;
}

bool AwaitEnd(pid_t pid) {
  return AwaitTrue([&] {
    // Orphans become the test's children.
    waitpid(pid, nullptr, WNOHANG);
    return !Exists(pid);
  });
}

TEST(WrapTest, CommandThatBecomesTheWorker) {
  HostProcess host({"echo", "--workers=2", "--wrap=env 'WRAPPED=by env'"});
  ASSERT_TRUE(host.AwaitServing(2));
  ExpectEcho(host);
  for (const auto& [id, pid] : host.Workers()) {
    const std::string environment =
        Contents("/proc/" + std::to_string(pid) + "/environ");
    EXPECT_TRUE(absl::StrContains(environment, "WRAPPED=by env"));
  }
  EXPECT_EQ(host.EndCleanly().completed, 1u);
}

TEST(WrapTest, CommandThatStaysIsDrainedThroughTheChannel) {
  HostProcess host({"echo", "--workers=1", kUnderShell});
  ASSERT_TRUE(host.AwaitServing(1));
  const pid_t worker = ChildOf(host.Workers().at(1));
  ExpectEcho(host);
  EXPECT_EQ(host.EndCleanly().completed, 1u);
  EXPECT_FALSE(Exists(worker));
}

TEST(WrapTest, ExitCodeIsTheCommands) {
  HostProcess host({TestPlugin("puppet"),
                    "--workers=1",
                    "--set=create=permanent",
                    kUnderShell});
  EXPECT_EQ(host.AwaitExit(), kExitPluginRefused);
}

// It cannot see the end of its channel.
TEST(WrapTest, StoppedWorkerEndsWithItsKilledCommand) {
  HostProcess host({"echo", "--workers=1", kUnderShell});
  ASSERT_TRUE(host.AwaitServing(1));
  const pid_t wrapper = host.Workers().at(1);
  const pid_t worker = ChildOf(wrapper);
  kill(worker, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(worker); }));
  kill(wrapper, SIGKILL);
  EXPECT_TRUE(AwaitEnd(worker));
  ASSERT_TRUE(host.AwaitEvent("listening", 2)) << "another takes its place";
  ExpectEcho(host);
  host.EndCleanly();
}

TEST(WrapTest, SecondSignalEndsCommandAndWorkerAtOnce) {
  HostProcess host({"echo", "--workers=1", kUnderShell});
  ASSERT_TRUE(host.AwaitServing(1));
  const pid_t worker = ChildOf(host.Workers().at(1));
  kill(worker, SIGSTOP);  // or the drain is over before the second
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(worker); }));
  host.Signal(SIGTERM);
  ASSERT_TRUE(host.AwaitLog([](const std::vector<LogLine>& lines) {
    return std::any_of(lines.begin(), lines.end(), [](const LogLine& line) {
      return absl::StartsWith(line.message, "draining");
    });
  }));
  host.Signal(SIGTERM);
  EXPECT_EQ(host.AwaitExit(), kExitTerminated);
  EXPECT_TRUE(AwaitEnd(worker));
}

TEST(WrapTest, WorkerEndsWithAKilledPrimary) {
  HostProcess host({"echo", "--workers=1", kUnderShell});
  ASSERT_TRUE(host.AwaitServing(1));
  const pid_t worker = ChildOf(host.Workers().at(1));
  host.Signal(SIGKILL);
  EXPECT_EQ(host.AwaitExit(), -SIGKILL);
  EXPECT_TRUE(AwaitEnd(worker));
}

TEST(WrapTest, CommandThatCannotBeRunIsUsage) {
  for (const char* wrap : {"--wrap=no_such_program -x",
                           "--wrap=./no_such_program",
                           "--wrap=sh 'open",
                           "--wrap= "}) {
    HostProcess host({"echo", wrap});
    EXPECT_EQ(host.AwaitExit(), kExitUsage);
    const std::string error = host.ErrorOutput();
    EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
    EXPECT_TRUE(absl::StrContains(error, "--wrap=")) << error;
  }
}

// ---- Under real ones

struct Tool {
  const char* name;
  std::string wrap;    // before the worker's own command
  bool is_the_parent;  // else it becomes the worker
};

std::string InTempDir(const std::string& name) {
  return ::testing::TempDir() + "/" + name;
}

// Why workers cannot be started under it here; empty if they can.
std::string WhyNot(const Tool& tool) {
  if (CLUSTER_SANITIZERS != 0) return "a sanitizer runs already";
  const std::string program = std::string("/usr/bin/") + tool.name;
  if (access(program.c_str(), X_OK) != 0) {
    return program + " is not installed";
  }
  // Containers may forbid what it lives on.
  const std::string command = tool.wrap + " echo it runs 2>&1 </dev/null";
  FILE* const output = popen(command.c_str(), "r");
  std::string text;
  char bytes[512];
  while (fgets(bytes, sizeof(bytes), output) != nullptr) text += bytes;
  pclose(output);
  return absl::StrContains(text, "it runs\n")
             ? ""
             : program + " cannot run a program here: " + text;
}

// Two workers under it serve, and end as without it.
void ExpectServesUnder(const Tool& tool) {
  HostProcess host({"echo", "--workers=2", "--wrap=" + tool.wrap});
  ASSERT_TRUE(host.AwaitServing(2)) << host.ErrorOutput();
  for (const auto& [id, pid] : host.Workers()) {
    ExpectEcho(host);
    if (!tool.is_the_parent) continue;
    EXPECT_NE(ChildOf(pid), -1) << "the worker is its child";
  }
  EXPECT_EQ(host.EndCleanly().completed, 2u);
  EXPECT_TRUE(host.AwaitEvent("exit: exited with code 0", 2));
}

void PrintTo(const Tool& tool, std::ostream* out) { *out << tool.name; }

class ToolTest : public ::testing::TestWithParam<Tool> {};

TEST_P(ToolTest, WorkersServeUnderItAndEndCleanly) {
  const std::string why_not = WhyNot(GetParam());
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  ExpectServesUnder(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    WrapTest,
    ToolTest,
    ::testing::Values(
        Tool{"valgrind", "valgrind -q --error-exitcode=99", false},
        Tool{"gdb", "gdb -batch -ex run --args", true},
        Tool{"strace", "strace -f -o " + InTempDir("trace"), true},
        Tool{"perf", "perf record -q -o " + InTempDir("perf.data"), true}),
    [](const auto& info) { return std::string(info.param.name); });

// As a person types it, who then types more.
TEST(WrapTest, GdbThatIsTold) {
  const std::string why_not =
      WhyNot({"gdb", "gdb -batch -ex run --args", true});
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd input(ends[0]);
  const UniqueFd typed(ends[1]);
  const std::string words = "run\nquit\n";
  ASSERT_EQ(write(typed.get(), words.data(), words.size()),
            static_cast<ssize_t>(words.size()));
  HostProcess host({"echo", "--workers=1", "--wrap=gdb --args"},
                   {{input.get(), STDIN_FILENO}});
  ASSERT_TRUE(host.AwaitServing(1)) << host.ErrorOutput();
  const pid_t gdb = host.Workers().at(1);
  const pid_t worker = ChildOf(gdb);
  EXPECT_EQ(StatusField(worker, "TracerPid"), std::to_string(gdb));
  ExpectEcho(host);
  EXPECT_EQ(host.EndCleanly().completed, 1u);
  EXPECT_TRUE(host.AwaitEvent("exit: exited with code 0", 1));
}

}  // namespace
}  // namespace cluster
