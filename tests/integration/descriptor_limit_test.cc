// Workers that have no descriptors left, and the descriptors of the primary.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/host/host_exit.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

constexpr size_t kRoom = 5;  // connections that a limited worker can hold

// Leaves `pid` room for kRoom descriptors more than it has open.
void Limit(pid_t pid) {
  // Its numbers are dense, but for what it closed on its way up.
  rlimit limit = {};
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
  limit.rlim_cur = OpenDescriptors(pid) + kRoom;
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &limit, nullptr), 0);
}

// The CPU time of the host and its workers.
absl::Duration CpuTimeOfAll(HostProcess& host) {
  absl::Duration sum = CpuTime(host.pid());
  for (const auto& [id, pid] : host.Workers()) sum += CpuTime(pid);
  return sum;
}

class DescriptorLimitTest : public testing::TestWithParam<const char*> {
 protected:
  std::string DataPathFlag() const {
    return absl::StrCat("--data_path=", GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(DataPaths,
                         DescriptorLimitTest,
                         testing::Values("handoff", "share"),
                         [](const auto& info) { return info.param; });

TEST_P(DescriptorLimitTest, WhatOneWorkerCannotTakeOthersServe) {
  HostProcess host({TestPlugin("puppet"), "--workers=2", DataPathFlag()});
  ASSERT_TRUE(host.AwaitServing(2));
  Limit(host.Workers().at(1));
  ClientSet clients({.port = host.port(), .request = "who\n"});
  clients.Open(60);
  EXPECT_TRUE(clients.AwaitSettled(60));
  EXPECT_EQ(clients.count(End::kAnswered), 60u);
  EXPECT_LE(clients.answers()["1\n"], kRoom);

  // Full as it is, it costs nothing.
  const absl::Duration before = CpuTimeOfAll(host);
  clients.RunFor(absl::Seconds(1));
  EXPECT_LT(CpuTimeOfAll(host) - before, Bound(absl::Milliseconds(50)));
  for (size_t i = 0; i < 60; ++i) clients.Close(i);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.completed, 60u);
}

TEST_P(DescriptorLimitTest, WhatNoWorkerCanTakeWaitsUntilOthersEnd) {
  HostProcess host({TestPlugin("puppet"), "--workers=2", DataPathFlag()});
  ASSERT_TRUE(host.AwaitServing(2));
  for (const auto& [id, pid] : host.Workers()) Limit(pid);
  constexpr size_t kTotal = 40;
  ClientSet clients({.port = host.port(), .request = "who\n"});
  clients.Open(kTotal);
  ASSERT_TRUE(clients.AwaitConnected(kTotal));
  ASSERT_TRUE(clients.AwaitSettled(2));

  // Nobody leaves: those who wait cost nothing.
  clients.RunFor(absl::Milliseconds(500));
  EXPECT_LE(clients.settled(), 2 * kRoom);
  const absl::Duration before = CpuTimeOfAll(host);
  clients.RunFor(absl::Seconds(1));
  const absl::Duration cpu = CpuTimeOfAll(host) - before;
  std::printf("waiting costs %s of CPU in 1 s\n",
              absl::FormatDuration(cpu).c_str());
  EXPECT_LT(cpu, Bound(absl::Milliseconds(50)));

  // As each leaves, another is served.
  for (size_t closed = 0; closed < kTotal;) {
    ASSERT_TRUE(clients.AwaitSettled(closed + 1)) << closed;
    for (size_t i = 0; i < kTotal; ++i) {
      const Outcome& outcome = clients.outcomes()[i];
      ASSERT_TRUE(outcome.end == End::kAnswered || outcome.end == End::kNone);
      if (outcome.end == End::kNone || clients.closed(i)) continue;
      clients.Close(i);
      ++closed;
    }
  }
  EXPECT_EQ(clients.count(End::kAnswered), kTotal);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.completed, kTotal);
}

TEST_P(DescriptorLimitTest, NobodyHasMoreOpenAfterLoadThanBefore) {
  HostProcess host({TestPlugin("puppet"), "--workers=4", DataPathFlag()});
  ASSERT_TRUE(host.AwaitServing(4));
  // Of the primary and of each worker.
  const auto open = [&] {
    std::vector<size_t> counts = {OpenDescriptors(host.pid())};
    for (const auto& [id, pid] : host.Workers()) {
      counts.push_back(OpenDescriptors(pid));
    }
    return counts;
  };
  const std::vector<size_t> before = open();
  ASSERT_EQ(before.size(), 5u);
  const size_t total = Scaled(2'000);
  const ClientSet clients =
      RunLoad({.port = host.port(), .request = "who\n"}, total, 20);
  EXPECT_EQ(clients.count(End::kAnswered), total);
  EXPECT_TRUE(AwaitTrue([&] { return open() == before; }))
      << testing::PrintToString(open()) << " after "
      << testing::PrintToString(before);
  EXPECT_EQ(ChildrenOf(host.pid()).size(), 4u);
  host.EndCleanly();
}

TEST_P(DescriptorLimitTest, PrimaryHasNoMoreOpenAfterWorkersWereReplaced) {
  HostProcess host({TestPlugin("puppet"), "--workers=2", DataPathFlag()});
  ASSERT_TRUE(host.AwaitServing(2));
  const size_t before = OpenDescriptors(host.pid());
  for (size_t i = 0; i < 4; ++i) {
    kill(host.Workers().begin()->second, SIGKILL);
    ASSERT_TRUE(host.AwaitEvent("listening", 3 + i));
  }
  EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(host.pid()) == before; }))
      << OpenDescriptors(host.pid()) << " after " << before;
  EXPECT_EQ(ChildrenOf(host.pid()).size(), 2u) << "a zombie is left";
  host.EndCleanly();
}

// What a host says that may have `limit` descriptors, and its exit code.
std::pair<std::string, int> StartWithLimit(int limit) {
  const std::string command =
      absl::StrCat("bash -c 'ulimit -n ",
                   limit,
                   "; exec core/host/host ",
                   TestPlugin("puppet"),
                   " --workers=1 --listen=127.0.0.1:0' 2>&1");
  FILE* const pipe = popen(command.c_str(), "r");
  std::string said;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) {
    said.push_back(static_cast<char>(c));
  }
  const int status = pclose(pipe);
  return {said, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status)};
}

TEST(FewDescriptorsTest, TooFewToStartIsOneLine) {
  for (const int limit : {6, 8, 10}) {
    const auto [said, code] = StartWithLimit(limit);
    EXPECT_EQ(code, kExitInternal) << limit << ": " << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
    EXPECT_TRUE(absl::StrContains(said, "ulimit -n")) << said;
  }
}

}  // namespace
}  // namespace cluster
