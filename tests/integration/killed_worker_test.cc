// A worker that is killed takes nothing with it but what it had started.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

void StopProcess(pid_t pid) {
  kill(pid, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(pid); }));
}

// With both workers stopped, what is handed to them stays with them: no other
// is fine, so nothing is taken back.
TEST(KilledWorkerTest, ConnectionsItHadNotStartedAreServedByOthers) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  const std::map<uint32_t, pid_t> workers = host.Workers();
  const size_t idle = OpenDescriptors(host.pid());
  ClientSet started({.port = host.port(), .request = "who\n"});
  started.Open(6);
  ASSERT_TRUE(started.AwaitSettled(6));
  const size_t touched = started.answers()["1\n"];
  ASSERT_GT(touched, 0u);
  // The primary closes its copies of what was started.
  ASSERT_TRUE(AwaitTrue([&] { return OpenDescriptors(host.pid()) == idle; }));
  StopProcess(workers.at(1));
  StopProcess(workers.at(2));
  ClientSet waiting({.port = host.port(), .request = "who\n"});
  waiting.Open(20);
  ASSERT_TRUE(waiting.AwaitConnected(20));
  ASSERT_TRUE(
      AwaitTrue([&] { return OpenDescriptors(host.pid()) == idle + 20; }));

  kill(workers.at(1), SIGKILL);

  // The second worker is still stopped: all goes to the first one's successor.
  ASSERT_TRUE(waiting.AwaitSettled(20));
  EXPECT_EQ(waiting.answers(), (std::map<std::string, size_t>{{"3\n", 20}}));
  for (size_t i = 0; i < 6; ++i) {
    if (started.outcomes()[i].answer == "1\n") started.Ask(i, "who\n");
  }
  started.AwaitSettled(6);
  EXPECT_EQ(started.count(End::kAnswered), 6 - touched);
  kill(workers.at(2), SIGCONT);
  for (size_t i = 0; i < 6; ++i) started.Close(i);
  for (size_t i = 0; i < 20; ++i) waiting.Close(i);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost, touched);
  EXPECT_EQ(books.accepted, 26u);
  EXPECT_GE(books.redispatched, 20u);
  EXPECT_EQ(books.refused + books.expired, 0u);
}

// A new build, or a wrong file, may be put at the path while the host runs.
TEST(KilledWorkerTest, SuccessorRunsTheFileThatTheHostReadAtItsStart) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "renamed_over";
  fs::remove_all(folder);
  fs::create_directory(folder);
  const fs::path plugin = folder / "app.so";
  fs::copy_file(TestPlugin("puppet"), plugin);
  HostProcess host({plugin.string(), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  const fs::path next = folder / "next.so";
  std::ofstream(next) << "no plugin at all";
  fs::rename(next, plugin);

  kill(host.Workers().at(1), SIGKILL);

  ASSERT_TRUE(host.AwaitEvent("listening", 2)) << host.ErrorOutput();
  ClientSet clients({.port = host.port(), .request = "who\n"});
  clients.Open(1);
  ASSERT_TRUE(clients.AwaitSettled(1));
  EXPECT_EQ(clients.answers(), (std::map<std::string, size_t>{{"2\n", 1}}));
  clients.Close(0);
  host.EndCleanly();
  fs::remove_all(folder);
}

TEST(KilledWorkerTest, IsReplacedAtOnce) {
  HostProcess host({TestPlugin("puppet"), "--workers=4"});
  ASSERT_TRUE(host.AwaitServing(4));
  const absl::Time begin = absl::Now();
  kill(host.Workers().at(2), SIGKILL);
  ASSERT_TRUE(host.AwaitEvent("fork", 5));
  EXPECT_LT(absl::Now() - begin, Bound(absl::Milliseconds(500)));
  ASSERT_TRUE(host.AwaitEvent("listening", 5));
  EXPECT_EQ(host.Workers().size(), 4u);
  EXPECT_EQ(host.Workers().count(5), 1u);
  host.EndCleanly();
}

// What it left behind of its own kind: a process that holds its descriptors,
// and sockets that it has shut down.
TEST(KilledWorkerTest, OrphanTakesNothingOfTheSuccessor) {
  HostProcess host({TestPlugin("puppet"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  const size_t idle = OpenDescriptors(host.pid());
  ClientSet held({.port = host.port(), .request = "hostile orphan\n"});
  held.Open(1);
  ASSERT_TRUE(held.AwaitSettled(1));
  kill(host.Workers().at(1), SIGKILL);
  ASSERT_TRUE(host.AwaitEvent("listening", 2));
  const ClientSet after =
      RunLoad({.port = host.port(), .request = "who\n"}, 100, 1);
  EXPECT_EQ(after.answers(), (std::map<std::string, size_t>{{"2\n", 100}}));
  // The orphan has seen that nobody sends to it any more.
  held.Ask(0, "");
  ASSERT_TRUE(held.AwaitSettled(1));
  EXPECT_NE(held.outcomes()[0].end, End::kAnswered);
  EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(host.pid()) == idle; }))
      << OpenDescriptors(host.pid()) << " after " << idle;
  EXPECT_EQ(host.EndCleanly().lost, 1u);
}

TEST(KilledWorkerTest, SuccessorHearsThoughItsSocketsWereShut) {
  HostProcess host({TestPlugin("puppet"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  ClientSet held({.port = host.port(), .request = "hostile deafens\n"});
  held.Open(1);
  ASSERT_TRUE(held.AwaitSettled(1));
  kill(host.Workers().at(1), SIGKILL);
  ASSERT_TRUE(host.AwaitEvent("listening", 2));
  const ClientSet after =
      RunLoad({.port = host.port(), .request = "who\n"}, 100, 1);
  EXPECT_EQ(after.answers(), (std::map<std::string, size_t>{{"2\n", 100}}));
  EXPECT_EQ(host.EndCleanly().lost, 1u);
}

TEST(KilledWorkerTest, OthersServeOnUnderLoad) {
  constexpr size_t kConcurrent = 20;
  HostProcess host({TestPlugin("puppet"), "--workers=4", "--restarts=100"});
  ASSERT_TRUE(host.AwaitServing(4));
  std::atomic<bool> stop = false;
  std::atomic<size_t> rounds = 0;
  std::atomic<size_t> kills = 0;
  size_t stops = 0;
  std::thread killer([&] {
    for (; kills < 5; ++kills) {
      const auto await_load = [&](size_t more) {
        return AwaitTrue(
            [&, end = rounds + Scaled(more)] { return rounds > end; });
      };
      const pid_t victim = host.Workers().begin()->second;
      if (!await_load(500)) break;
      // Every second one is stopped before, and is given connections that it
      // does not start; the others die of the kill alone, wherever they are.
      if (kills % 2 == 0) {
        kill(victim, SIGSTOP);
        if (!AwaitTrue([&] { return IsStopped(victim); })) break;
        if (!await_load(100)) break;
        ++stops;
      }
      kill(victim, SIGKILL);
      if (!host.AwaitEvent("listening", 5 + kills)) break;
    }
    stop = true;
  });
  const ClientSet clients = RunLoad(
      {.port = host.port(), .request = "who\n"}, 1'000'000, kConcurrent, [&] {
        ++rounds;
        return stop.load();
      });
  killer.join();
  EXPECT_EQ(kills, 5u);
  const size_t answered = clients.count(End::kAnswered);
  const size_t failed = clients.outcomes().size() - answered;
  EXPECT_GT(answered, kConcurrent);
  EXPECT_EQ(clients.count(End::kNone), 0u) << "clients that wait for ever";
  EXPECT_EQ(clients.count(End::kRefused), 0u);
  const Books books = host.EndCleanly();
  // A client may have had its answer when its worker died before the end of
  // the connection, so more can be lost than have failed.
  EXPECT_LE(failed, books.lost);
  EXPECT_LE(books.lost, kConcurrent * kills);
  EXPECT_EQ(books.accepted, clients.outcomes().size());
  // Others served what those had been given and had not started.
  EXPECT_GE(books.redispatched, stops);
}

}  // namespace
}  // namespace cluster
