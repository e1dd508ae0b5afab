// The data path `steer` beside a worker that is stopped or killed: nobody that
// it had not started waits for it.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/host/cpu_placement.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

// The limit of a client's wait, less what the processes waited for a CPU.
constexpr absl::Duration kBound = absl::Milliseconds(100);

std::vector<std::string> Steered(size_t workers) {
  return {TestPlugin("puppet"),
          "--data_path=steer",
          "--restarts=1000",
          absl::StrCat("--workers=", workers)};
}

// How long clients wait, round by round, and how much of it is the host's doing
// and not that of a machine on which there is no CPU to be had.
class Waits {
 public:
  explicit Waits(HostProcess& host) : host_(host) {}

  void Begin() {
    before_.clear();
    for (const pid_t pid : Processes()) before_[pid] = WaitedForCpu(pid);
  }

  // The slowest client of the round took `slowest`. Those of the host's
  // processes that have ended since Begin() are told by Ending().
  void End(absl::Duration slowest) {
    absl::Duration waited = waited_by_ended_;
    waited_by_ended_ = absl::ZeroDuration();
    for (const pid_t pid : Processes()) {
      const auto at = before_.find(pid);
      waited += WaitedForCpu(pid) -
                (at == before_.end() ? absl::ZeroDuration() : at->second);
    }
    slowest_ = std::max(slowest_, slowest);
    excess_ = std::max(excess_, slowest - waited);
  }

  // `pid` is about to be killed.
  void Ending(pid_t pid) {
    waited_by_ended_ += WaitedForCpu(pid) - before_[pid];
  }

  void ExpectBounded() const {
    std::printf("the slowest took %s\n",
                absl::FormatDuration(slowest_).c_str());
    EXPECT_LT(excess_, Bound(kBound));
  }

 private:
  std::vector<pid_t> Processes() {
    std::vector<pid_t> all = {host_.pid(), getpid()};
    for (const auto& [id, pid] : host_.Workers()) all.push_back(pid);
    return all;
  }

  HostProcess& host_;
  std::map<pid_t, absl::Duration> before_;
  absl::Duration waited_by_ended_ = absl::ZeroDuration();
  absl::Duration slowest_ = absl::ZeroDuration();
  absl::Duration excess_ = -absl::InfiniteDuration();
};

// Stops worker `id`, has clients come for two seconds, and lets it go on.
void ExpectServedBesideStopped(HostProcess& host, uint32_t id) {
  const std::string answer = absl::StrCat(id, "\n");
  const pid_t stopped = host.Workers().at(id);
  kill(stopped, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(stopped); }));
  Waits waits(host);
  const absl::Time end = absl::Now() + absl::Seconds(2);
  while (absl::Now() < end) {
    waits.Begin();
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, 100, 4);
    ASSERT_EQ(clients.count(End::kAnswered), 100u);
    EXPECT_EQ(clients.answers().count(answer), 0u);
    waits.End(clients.slowest());
  }
  waits.ExpectBounded();
  kill(stopped, SIGCONT);
  EXPECT_TRUE(AwaitTrue([&] {
    return RunLoad({.port = host.port(), .request = "who\n"}, 20, 4)
               .answers()
               .count(answer) > 0;
  }));
}

TEST(SteerWaitTest, StoppedWorkersQueueIsServedByOthers) {
  HostProcess host(Steered(4));
  ASSERT_TRUE(host.AwaitServing(4));
  ExpectServedBesideStopped(host, 3);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost + books.refused + books.expired, 0u);
}

// Kills ten workers, each while clients come: the one that has served the last
// of them before. What a killed worker had started is lost; all others are
// answered in time.
void ExpectServedBesideKilled(HostProcess& host, size_t workers) {
  constexpr size_t kDeaths = 10;
  constexpr size_t kConcurrent = 8;
  Waits waits(host);
  size_t lost = 0;
  for (size_t death = 1; death <= kDeaths; ++death) {
    const ClientSet one =
        RunLoad({.port = host.port(), .request = "who\n"}, 1, 1);
    ASSERT_EQ(one.count(End::kAnswered), 1u);
    const auto id =
        static_cast<uint32_t>(std::stoul(one.answers().begin()->first));
    waits.Begin();
    size_t rounds = 0;
    const auto kill_once = [&] {
      if (++rounds == 20) {
        const pid_t victim = host.Workers().at(id);
        waits.Ending(victim);
        kill(victim, SIGKILL);
      }
      return false;
    };
    const ClientSet clients = RunLoad(
        {.port = host.port(), .request = "who\n"}, 400, kConcurrent, kill_once);
    ASSERT_GE(rounds, 20u);
    EXPECT_EQ(clients.count(End::kRefused) + clients.count(End::kNone), 0u);
    lost += clients.outcomes().size() - clients.count(End::kAnswered);
    ASSERT_TRUE(host.AwaitEvent("exit", death));
    waits.End(clients.slowest());
    ASSERT_TRUE(host.AwaitEvent("listening", workers + death));
  }
  waits.ExpectBounded();
  std::printf("%zu were lost with their workers\n", lost);
  EXPECT_LE(lost, kDeaths * kConcurrent);
  const Books books = host.EndCleanly();
  EXPECT_GE(books.lost, lost);
  EXPECT_EQ(books.refused + books.expired, 0u);
}

TEST(SteerWaitTest, KilledWorkersQueueIsServedByOthers) {
  HostProcess host(Steered(4));
  ASSERT_TRUE(host.AwaitServing(4));
  ExpectServedBesideKilled(host, 4);
}

// All clients are on the CPU of one worker: each of them would be its.
class SteerWaitCpuTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<int> cpus = CpusOfThisProcess();
    if (cpus.size() != OnlineCpus() || cpus.size() < 2) {
      GTEST_SKIP() << "there is one CPU, or this process may not use every one";
    }
    workers_ = cpus.size();
    std::vector<std::string> arguments = Steered(workers_);
    arguments.push_back("--policy=cpu_local");
    host_.emplace(arguments);
    ASSERT_TRUE(host_->AwaitServing(static_cast<uint32_t>(workers_)));
    cpu_set_t first;
    ASSERT_EQ(sched_getaffinity(0, sizeof(all_), &all_), 0);
    CPU_ZERO(&first);
    CPU_SET(cpus[0], &first);
    ASSERT_EQ(sched_setaffinity(0, sizeof(first), &first), 0);
    pinned_ = true;
  }

  void TearDown() override {
    if (pinned_) EXPECT_EQ(sched_setaffinity(0, sizeof(all_), &all_), 0);
  }

  size_t workers_ = 0;
  std::optional<HostProcess> host_;
  cpu_set_t all_;
  bool pinned_ = false;
};

TEST_F(SteerWaitCpuTest, StoppedWorkersCpuIsServedByOthers) {
  ExpectServedBesideStopped(*host_, 1);
  const Books books = host_->EndCleanly();
  EXPECT_EQ(books.lost + books.refused + books.expired, 0u);
}

TEST_F(SteerWaitCpuTest, KilledWorkersCpuIsServedByOthers) {
  ExpectServedBesideKilled(*host_, workers_);
}

}  // namespace
}  // namespace cluster
