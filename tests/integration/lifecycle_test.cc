// How the host ends: drains, the second signal, deadlines.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/host/host_exit.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

bool AwaitDraining(HostProcess& host) {
  return host.AwaitLog([](const std::vector<LogLine>& log) {
    return std::any_of(log.begin(), log.end(), [](const LogLine& line) {
      return absl::StartsWith(line.message, "draining");
    });
  });
}

TEST(LifecycleTest, DrainEndsIdleConnectionsAndFinishesWhatRuns) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  Client idle(ConnectTo(host.port()));
  idle.Send("who\n");
  ASSERT_NE(idle.ReadUntil("\n"), "");
  Client running(ConnectTo(host.port()));
  running.Send("who\nlater 500\n");
  const std::string answer = running.ReadUntil("\n");
  ASSERT_NE(answer, "");

  host.Signal(SIGTERM);

  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_FALSE(ConnectTo(host.port())) << "a new connection is accepted";
  EXPECT_EQ(running.ReadToEnd(), answer);
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_TRUE(host.FinalBooks()->balance());
  EXPECT_EQ(host.FinalBooks()->completed, 2u);
}

TEST(LifecycleTest, DrainEndsKeepAliveConnectionThatIsIdle) {
  HostProcess host({"hello_http", "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  Client client(ConnectTo(host.port()));
  client.Send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(absl::StartsWith(client.ReadUntil("ok\n"), "HTTP/1.1 200"));
  const absl::Time begin = absl::Now();
  host.Signal(SIGTERM);
  EXPECT_EQ(client.ReadToEnd(), "");
  // One without a first request is left a second for it.
  EXPECT_LT(absl::Now() - begin, Bound(absl::Milliseconds(900)));
  EXPECT_EQ(host.AwaitExit(), kExitOk);
}

TEST(LifecycleTest, DrainAnswersRequestThatHasBegunToArrive) {
  HostProcess host({"hello_http", "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  Client client(ConnectTo(host.port()));
  client.Send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_NE(client.ReadUntil("ok\n"), "");
  // In one piece with what follows for the kernel, so the worker has both.
  client.Send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET /healthz HTT");
  ASSERT_NE(client.ReadUntil("ok\n"), "");
  host.Signal(SIGTERM);
  ASSERT_TRUE(AwaitDraining(host));
  client.Send("P/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(absl::EndsWith(client.ReadToEnd(), "ok\n"));
  EXPECT_EQ(host.AwaitExit(), kExitOk);
}

TEST(LifecycleTest, DrainServesConnectionsThatWait) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  for (const auto& [id, pid] : host.Workers()) {
    kill(pid, SIGSTOP);
    ASSERT_TRUE(AwaitTrue([&] { return IsStopped(pid); }));
  }
  const size_t before = OpenDescriptors(host.pid());
  ClientSet clients({.port = host.port(), .request = "later 1\n"});
  clients.Open(300);  // more than is handed to two workers that stand still
  ASSERT_TRUE(clients.AwaitConnected(300));
  ASSERT_TRUE(
      AwaitTrue([&] { return OpenDescriptors(host.pid()) >= before + 300; }));
  host.Signal(SIGTERM);
  ASSERT_TRUE(AwaitDraining(host));
  for (const auto& [id, pid] : host.Workers()) kill(pid, SIGCONT);
  ASSERT_TRUE(clients.AwaitSettled(300));
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_TRUE(host.FinalBooks()->balance());
  EXPECT_EQ(host.FinalBooks()->completed, 300u);
}

TEST(LifecycleTest, SecondSignalEndsAtOnce) {
  struct Case {
    int first;
    int second;
    int code;
  };
  for (const Case& each : {Case{SIGTERM, SIGTERM, kExitTerminated},
                           Case{SIGINT, SIGINT, kExitInterrupted},
                           Case{SIGTERM, SIGINT, kExitInterrupted}}) {
    HostProcess host(
        {TestPlugin("puppet"), "--workers=2", "--set=drain=ignore"});
    ASSERT_TRUE(host.AwaitServing(2));
    Client client(ConnectTo(host.port()));
    client.Send("who\n");
    ASSERT_NE(client.ReadUntil("\n"), "");
    host.Signal(each.first);
    ASSERT_TRUE(AwaitDraining(host));
    const absl::Time begin = absl::Now();
    host.Signal(each.second);
    EXPECT_EQ(host.AwaitExit(), each.code);
    EXPECT_LT(absl::Now() - begin, Bound(absl::Seconds(1)));
    EXPECT_EQ(client.ReadToEnd(), "");
    EXPECT_EQ(host.CountEvents("exit"), 2u);
    EXPECT_TRUE(host.FinalBooks()->balance());
  }
}

// A terminal that closes sends it to all processes, to the primary even twice.
TEST(LifecycleTest, HangupDrainsAndLeavesNoSocketFile) {
  const std::string file = testing::TempDir() + "/hangup.sock";
  signal(SIGHUP, SIG_DFL);  // whoever started this may ignore it
  HostProcess host({TestPlugin("puppet"),
                    "--workers=2",
                    absl::StrCat("--listen=127.0.0.1:0,unix:", file)});
  ASSERT_TRUE(host.AwaitServing(2));
  ASSERT_TRUE(std::filesystem::exists(file));
  Client running(ConnectTo(host.port()));
  running.Send("who\nlater 500\n");
  const std::string answer = running.ReadUntil("\n");
  ASSERT_NE(answer, "");
  for (const auto& [id, pid] : host.Workers()) kill(pid, SIGHUP);
  host.Signal(SIGHUP);
  ASSERT_TRUE(AwaitDraining(host));
  host.Signal(SIGHUP);
  EXPECT_EQ(running.ReadToEnd(), answer);
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(host.FinalBooks()->completed, 1u);
}

// Another host may serve there as soon as this one does no more.
TEST(LifecycleTest, SocketFileOfASuccessorStays) {
  const std::string file = testing::TempDir() + "/successor.sock";
  const std::string listen =
      absl::StrCat("--listen=unix:", file, ",127.0.0.1:0");
  HostProcess host(
      {TestPlugin("puppet"), "--workers=1", listen, "--set=drain=ignore"});
  ASSERT_TRUE(host.AwaitServing(1));
  Client client(ConnectTo(host.port()));
  client.Send("who\n");
  ASSERT_NE(client.ReadUntil("\n"), "");
  host.Signal(SIGTERM);
  ASSERT_TRUE(AwaitTrue([&] { return !ConnectTo(host.port()); }));

  HostProcess successor({TestPlugin("puppet"), "--workers=1", listen});
  ASSERT_TRUE(successor.AwaitServing(1));
  client.SendEnd();
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_TRUE(std::filesystem::exists(file));
  successor.EndCleanly();
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(LifecycleTest, HangupIsIgnoredWhereItWasAtStart) {
  signal(SIGHUP, SIG_IGN);
  HostProcess host({TestPlugin("puppet"), "--workers=1"});
  signal(SIGHUP, SIG_DFL);
  ASSERT_TRUE(host.AwaitServing(1));
  host.Signal(SIGHUP);
  Client client(ConnectTo(host.port()));
  client.Send("who\n");
  EXPECT_EQ(client.ReadUntil("\n"), "1\n");
  host.EndCleanly();
}

TEST(LifecycleTest, SignalsWithoutAMeaningAreLoggedAndEndNothing) {
  HostProcess host({TestPlugin("puppet"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  for (const auto& [number, name] :
       {std::pair(SIGUSR1, "SIGUSR1"), std::pair(SIGUSR2, "SIGUSR2")}) {
    host.Signal(number);
    EXPECT_TRUE(host.AwaitLog([&](const std::vector<LogLine>& log) {
      return std::any_of(log.begin(), log.end(), [&](const LogLine& line) {
        return line.level == "warning" && absl::StartsWith(line.message, name);
      });
    })) << name;
  }
  host.EndCleanly();
}

TEST(LifecycleTest, DrainTimeoutCutsConnectionsThatStay) {
  HostProcess host({TestPlugin("puppet"),
                    "--workers=2",
                    "--drain_timeout=1s",
                    "--set=drain=ignore"});
  ASSERT_TRUE(host.AwaitServing(2));
  Client client(ConnectTo(host.port()));
  client.Send("who\n");
  ASSERT_NE(client.ReadUntil("\n"), "");
  const absl::Time begin = absl::Now();
  host.Signal(SIGTERM);
  EXPECT_EQ(client.ReadToEnd(), "");
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(990));
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_LT(absl::Now() - begin, Bound(absl::Seconds(2)));
  EXPECT_TRUE(absl::StrContains(host.ErrorOutput(), "drain deadline"));
}

TEST(LifecycleTest, DrainTimeoutEndsWorkerThatStandsStill) {
  HostProcess host(
      {TestPlugin("puppet"), "--workers=2", "--drain_timeout=100ms"});
  ASSERT_TRUE(host.AwaitServing(2));
  const pid_t stopped = host.Workers().at(2);
  kill(stopped, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(stopped); }));
  host.Signal(SIGTERM);
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_EQ(host.CountEvents("exit"), 2u);
}

// ---- Asked for by the plugin

TEST(LifecycleTest, WorkerThatAsksForItsEndDrainsAndIsReplaced) {
  HostProcess host({TestPlugin("puppet"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  Client running(ConnectTo(host.port()));
  running.Send("later 500\nend orderly\n");
  EXPECT_EQ(running.ReadUntil("\n"), "1\n") << "of the second command";
  ASSERT_TRUE(host.AwaitEvent("listening", 2)) << "in its place";
  Client next(ConnectTo(host.port()));
  next.Send("who\n");
  EXPECT_EQ(next.ReadUntil("\n"), "2\n");
  EXPECT_EQ(running.ReadToEnd(), "1\n") << "what ran was finished";
  ASSERT_TRUE(host.AwaitEvent("exit", 1));
  for (const LogLine& line : host.LogOf(1)) {
    EXPECT_EQ(line.level, "info") << line.message;
  }
  EXPECT_EQ(host.EndCleanly().lost, 0u);
}

TEST(LifecycleTest, WorkerThatAsksForItsEndAtOnceIsCutAndReplaced) {
  HostProcess host({TestPlugin("puppet"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  Client running(ConnectTo(host.port()));
  running.Send("later 600000\nend at_once\n");
  EXPECT_EQ(running.ReadToEnd(), "1\n") << "it does not wait for what runs";
  ASSERT_TRUE(host.AwaitEvent("listening", 2)) << "in its place";
  EXPECT_EQ(host.EndCleanly().lost, 0u);
}

TEST(LifecycleTest, SignalWhileWorkersStartEndsCleanly) {
  for (int i = 0; i < 5; ++i) {
    HostProcess host({"hello_http", "--workers=4"});
    ASSERT_TRUE(host.AwaitEvent("fork", 1));
    host.Signal(SIGTERM);
    EXPECT_EQ(host.AwaitExit(), kExitOk);
    EXPECT_EQ(host.CountEvents("fork"), host.CountEvents("exit"));
  }
}

// Forking them all takes seconds; the signal does not wait for that.
TEST(LifecycleTest, SignalWhileManyWorkersAreForkedEndsThat) {
  constexpr size_t kWorkers = 1'000;
  HostProcess host({"echo", absl::StrCat("--workers=", kWorkers)});
  ASSERT_TRUE(host.AwaitEvent("fork", 1));
  host.Signal(SIGTERM);
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_LT(host.CountEvents("fork"), kWorkers);
  EXPECT_EQ(host.CountEvents("fork"), host.CountEvents("exit"));
  EXPECT_EQ(host.Output(), "") << "it has not served";
}

TEST(LifecycleTest, WorkersEndByThemselvesWhenThePrimaryIsKilled) {
  HostProcess host({"hello_http", "--workers=4"});
  ASSERT_TRUE(host.AwaitServing(4));
  host.Signal(SIGKILL);
  EXPECT_EQ(host.AwaitExit(), -SIGKILL);
  EXPECT_TRUE(host.AwaitOrphans());
}

}  // namespace
}  // namespace cluster
