// Workers that are started under a command (--wrap).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/host/exit_codes.h"
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

TEST(WrapTest, Valgrind) {
  if (CLUSTER_SANITIZERS != 0) GTEST_SKIP() << "a sanitizer runs already";
  if (access("/usr/bin/valgrind", X_OK) != 0) {
    GTEST_SKIP() << "valgrind is not installed: ./setup installs it";
  }
  HostProcess host(
      {"echo", "--workers=1", "--wrap=valgrind -q --error-exitcode=99"});
  ASSERT_TRUE(host.AwaitServing(1));
  ExpectEcho(host);
  EXPECT_EQ(host.EndCleanly().completed, 1u);
  EXPECT_TRUE(host.AwaitEvent("exit: exited with code 0", 1));
}

}  // namespace
}  // namespace cluster
