// The data path `steer`: the kernel picks a worker, and no worker's queue is a
// black hole.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/host/cpu_placement.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

std::vector<std::string> Steered(int workers) {
  return {TestPlugin("puppet"),
          "--data_path=steer",
          absl::StrCat("--workers=", workers)};
}

void StopProcess(pid_t pid) {
  kill(pid, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(pid); }));
}

TEST(SteerTest, SpreadsAtRandomOverAllWorkers) {
  HostProcess host(Steered(4));
  ASSERT_TRUE(host.AwaitServing(4));
  const size_t total = Scaled(2'000);
  const ClientSet clients =
      RunLoad({.port = host.port(), .request = "who\n"}, total, 8);
  ASSERT_EQ(clients.count(End::kAnswered), total);
  ASSERT_EQ(clients.answers().size(), 4u);
  for (const auto& [worker, count] : clients.answers()) {
    // Six standard deviations of a binomial count.
    EXPECT_NEAR(count, total / 4.0, 6 * std::sqrt(total * 0.1875)) << worker;
  }
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.accepted, total);
  EXPECT_EQ(books.completed, total);
}

// The queue is the slot's: the kernel's part of it outlives the worker.
TEST(SteerTest, KilledWorkerLosesNothingItHadNotStarted) {
  HostProcess host(Steered(2));
  ASSERT_TRUE(host.AwaitServing(2));
  const std::map<uint32_t, pid_t> workers = host.Workers();
  StopProcess(workers.at(1));
  StopProcess(workers.at(2));
  ClientSet clients({.port = host.port(), .request = "who\n", .leave = true});
  clients.Open(40);
  ASSERT_TRUE(clients.AwaitConnected(40));
  kill(workers.at(1), SIGKILL);
  kill(workers.at(2), SIGKILL);
  ASSERT_TRUE(clients.AwaitSettled(40));
  EXPECT_EQ(clients.count(End::kAnswered), 40u);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost + books.refused + books.expired, 0u);
  EXPECT_EQ(books.accepted, 40u);
}

TEST(SteerTest, LoadGoesOnWhileWorkersAreKilled) {
  HostProcess host(Steered(3));
  ASSERT_TRUE(host.AwaitServing(3));
  std::atomic<bool> stop = false;
  std::vector<Outcome> outcomes;
  std::thread load([&] {
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, 1'000'000, 8, [&] {
          return stop.load();
        });
    outcomes = clients.outcomes();
  });
  for (int death = 1; death <= 3; ++death) {
    kill(host.Workers().begin()->second, SIGKILL);
    EXPECT_TRUE(host.AwaitEvent("listening", 3 + death));
  }
  stop = true;
  load.join();
  size_t lost = 0;
  for (const Outcome& outcome : outcomes) {
    EXPECT_NE(outcome.end, End::kRefused);
    if (outcome.end != End::kAnswered) ++lost;
  }
  std::printf(
      "%zu connections, %zu lost with their workers\n", outcomes.size(), lost);
  const Books books = host.EndCleanly();
  // Only what a dead worker had started.
  EXPECT_GE(books.lost, lost);
  EXPECT_LE(lost, 3u * 8u);
}

TEST(SteerTest, SecondHostOnThePortIsRefused) {
  HostProcess host(Steered(2));
  ASSERT_TRUE(host.AwaitServing(2));
  std::vector<std::string> arguments = Steered(2);
  arguments.push_back(absl::StrCat("--listen=127.0.0.1:", host.port()));
  HostProcess second(arguments);
  EXPECT_EQ(second.AwaitExit(), 3);
  EXPECT_TRUE(absl::StrContains(second.ErrorOutput(), "EADDRINUSE"))
      << second.ErrorOutput();
  host.EndCleanly();
}

TEST(SteerTest, PolicyThatTheKernelCannotDoIsRefusedWithTheReason) {
  std::vector<std::string> arguments = Steered(2);
  arguments.push_back("--policy=least_connections");
  HostProcess host(arguments);
  EXPECT_EQ(host.AwaitExit(), 2);
  EXPECT_TRUE(absl::StrContains(host.ErrorOutput(), "--data_path=handoff"))
      << host.ErrorOutput();
}

TEST(SteerTest, CpuLocalWantsAWorkerForEachCpu) {
  std::vector<std::string> arguments = Steered(33);
  arguments.push_back("--policy=cpu_local");
  HostProcess host(arguments);
  EXPECT_EQ(host.AwaitExit(), 2);
  EXPECT_TRUE(absl::StrContains(host.ErrorOutput(), "cpu_local needs"))
      << host.ErrorOutput();
}

TEST(SteerTest, CpuLocalPinsEachWorkerAndServesWhereThePacketCame) {
  const std::vector<int> cpus = CpusOfThisProcess();
  if (cpus.size() != OnlineCpus()) {
    GTEST_SKIP() << "this process may not use every CPU";
  }
  std::vector<std::string> arguments = Steered(static_cast<int>(cpus.size()));
  arguments.push_back("--policy=cpu_local");
  HostProcess host(arguments);
  ASSERT_TRUE(host.AwaitServing(static_cast<uint32_t>(cpus.size())));
  for (size_t i = 0; i < cpus.size(); ++i) {
    const auto id = static_cast<uint32_t>(i + 1);
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(host.Workers().at(id), sizeof(set), &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 1);
    EXPECT_TRUE(CPU_ISSET(cpus[i], &set));
    // On loopback a packet is received where it is sent.
    std::thread client([&] {
      cpu_set_t here;
      CPU_ZERO(&here);
      CPU_SET(cpus[i], &here);
      ASSERT_EQ(sched_setaffinity(0, sizeof(here), &here), 0);
      const ClientSet clients =
          RunLoad({.port = host.port(), .request = "who\n"}, 50, 1);
      EXPECT_EQ(clients.answers(),
                (std::map<std::string, size_t>{{absl::StrCat(id, "\n"), 50}}));
    });
    client.join();
  }
  host.EndCleanly();
}

TEST(SteerTest, UnixSocketIsHandedOff) {
  std::vector<std::string> arguments = Steered(2);
  arguments.push_back("--listen=127.0.0.1:0,unix:@steer-test-" +
                      std::to_string(getpid()));
  HostProcess host(arguments);
  ASSERT_TRUE(host.AwaitServing(2));
  EXPECT_EQ(RunLoad({.port = host.port(), .request = "who\n"}, 20, 2)
                .count(End::kAnswered),
            20u);
  host.EndCleanly();
}

}  // namespace
}  // namespace cluster
