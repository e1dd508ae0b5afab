// Workers that stand still: nobody who could be served by another waits, and
// the primary does not spin.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

TEST(StoppedWorkerTest, OneOfFourDelaysNobodyAndServesAgainWhenContinued) {
  // A machine with no CPU to spare delays too, now and then; what the host does
  // delays in each round.
  constexpr int kRounds = 10;
  HostProcess host({TestPlugin("puppet"), "--workers=4"});
  ASSERT_TRUE(host.AwaitServing(4));
  const pid_t stopped = host.Workers().at(3);
  absl::Duration least = absl::InfiniteDuration();
  for (int round = 0; round < kRounds; ++round) {
    kill(stopped, SIGSTOP);
    ASSERT_TRUE(AwaitTrue([&] { return IsStopped(stopped); }));
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, 100, 4);
    ASSERT_EQ(clients.count(End::kAnswered), 100u);
    EXPECT_EQ(clients.answers().count("3\n"), 0u);
    least = std::min(least, clients.slowest());

    kill(stopped, SIGCONT);
    EXPECT_TRUE(AwaitTrue([&] {
      ClientSet client(
          {.port = host.port(), .request = "who\n", .leave = true});
      client.Open(1);
      return client.AwaitSettled(1) && client.outcomes()[0].answer == "3\n";
    }));
  }
  std::printf("100 served beside a stopped worker, the slowest in %s\n",
              absl::FormatDuration(least).c_str());
  EXPECT_LT(least, Bound(absl::Milliseconds(100)));
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost + books.refused + books.expired, 0u);
  EXPECT_GE(books.redispatched, uint64_t{kRounds}) << "it was given nothing";
}

// Stops all of four workers, has `total` clients connect and wait for 5 s, and
// continues them. `cpu` is what the primary used until then.
void StopAll(size_t total, absl::Duration* cpu) {
  HostProcess host({TestPlugin("puppet"), "--workers=4"});
  ASSERT_TRUE(host.AwaitServing(4));
  const std::map<uint32_t, pid_t> workers = host.Workers();
  for (const auto& [id, pid] : workers) {
    kill(pid, SIGSTOP);
    ASSERT_TRUE(AwaitTrue([&] { return IsStopped(pid); }));
  }
  const size_t before = OpenDescriptors(host.pid());
  const absl::Duration cpu_before = CpuTime(host.pid());
  ClientSet clients({.port = host.port(), .request = "who\n", .leave = true});
  for (size_t opened = 0; opened < total; opened += 100) {
    clients.Open(100);
    ASSERT_TRUE(clients.AwaitConnected(opened + 100));
  }
  ASSERT_TRUE(
      AwaitTrue([&] { return OpenDescriptors(host.pid()) >= before + total; }));

  const absl::Duration cpu_accepted = CpuTime(host.pid()) - cpu_before;
  clients.RunFor(absl::Seconds(5), [&] { return clients.settled() > 0; });
  *cpu = CpuTime(host.pid()) - cpu_before;
  EXPECT_EQ(clients.settled(), 0u);
  std::printf("%zu waiting cost %s of CPU, %s of it to accept them\n",
              total,
              absl::FormatDuration(*cpu).c_str(),
              absl::FormatDuration(cpu_accepted).c_str());

  for (const auto& [id, pid] : workers) kill(pid, SIGCONT);
  EXPECT_TRUE(clients.AwaitSettled(total));
  EXPECT_EQ(clients.count(End::kAnswered), total);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.completed, total);
}

// Where others use the machine each call into the kernel takes more CPU, so it
// may be tried again.
TEST(StoppedWorkerTest, AllOfThemCostThePrimaryNothingAndLoseNothing) {
  const absl::Duration bound = Bound(absl::Milliseconds(50));
  absl::Duration cpu = absl::InfiniteDuration();
  for (int tries = 0; tries < 3 && cpu >= bound; ++tries) {
    StopAll(Scaled(2'000), &cpu);
  }
  EXPECT_LT(cpu, bound);
}

// A loop that stands still is no better than a stopped process.
TEST(StoppedWorkerTest, BlockedWorkerDelaysNobodyElse) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  ClientSet blocking({.port = host.port(), .request = "block 1500\n"});
  blocking.Open(1);
  ASSERT_TRUE(blocking.AwaitSettled(1));
  const ClientSet clients =
      RunLoad({.port = host.port(), .request = "who\n"}, 200, 4);
  EXPECT_EQ(clients.count(End::kAnswered), 200u);
  EXPECT_LT(clients.slowest(), absl::Milliseconds(1000));
  EXPECT_EQ(clients.answers().count(blocking.outcomes()[0].answer), 0u);
  host.EndCleanly();
}

// Nobody may take what a worker leaves while all drain: whoever waits for it
// is told at once, and not when the last worker has ended.
TEST(StoppedWorkerTest, DeathWhileAllDrainClosesWhatItHadNotStarted) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  const std::map<uint32_t, pid_t> workers = host.Workers();
  for (const auto& [id, pid] : workers) {
    kill(pid, SIGSTOP);
    ASSERT_TRUE(AwaitTrue([&] { return IsStopped(pid); }));
  }
  const size_t before = OpenDescriptors(host.pid());
  ClientSet clients({.port = host.port(), .request = "who\n", .leave = true});
  clients.Open(4);
  ASSERT_TRUE(clients.AwaitConnected(4));
  ASSERT_TRUE(
      AwaitTrue([&] { return OpenDescriptors(host.pid()) == before + 4; }));

  host.Signal(SIGTERM);
  ASSERT_TRUE(host.AwaitLog([](const std::vector<LogLine>& log) {
    return std::any_of(log.begin(), log.end(), [](const LogLine& line) {
      return absl::StartsWith(line.message, "draining");
    });
  }));
  kill(workers.at(1), SIGKILL);
  EXPECT_TRUE(clients.AwaitSettled(2));
  EXPECT_EQ(clients.count(End::kEnded) + clients.count(End::kReset), 2u);

  kill(workers.at(2), SIGCONT);
  EXPECT_TRUE(clients.AwaitSettled(4));
  EXPECT_EQ(host.AwaitExit(), 0);
  const std::optional<Books> books = host.FinalBooks();
  ASSERT_TRUE(books.has_value());
  EXPECT_EQ(books->completed, 2u);
  EXPECT_EQ(books->refused, 2u);
}

}  // namespace
}  // namespace cluster
