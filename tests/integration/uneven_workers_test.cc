// Policies that learn of their workers, in the real host beside a worker that
// is slow or says that it is busy; counted by worker.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

// A worker that gets no CPU for 20 ms gives back what it has not started, and
// another has it: such a run says nothing about shares, and is repeated.
constexpr int kAttempts = 10;
// What a client of the first worker is told.
constexpr char kFirst[] = "1\n";

std::vector<std::string> Arguments(const std::string& policy) {
  return {TestPlugin("puppet"), "--policy=" + policy, "--workers=2"};
}

// Opens `count` more clients, each when the one before is answered.
void OpenInTurn(ClientSet& clients, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    clients.Open(1);
    ASSERT_TRUE(clients.AwaitSettled(clients.outcomes().size()));
  }
}

// ---- Speed: who takes longer gets less, where round_robin would go on

// Connections to worker 1 of two, whose answers take their time, where eight
// come at once and the next follows whoever has left.
size_t ToTheSlowOne(const std::string& policy, size_t count) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host(Arguments(policy));
    EXPECT_TRUE(host.AwaitServing(2));
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "uneven 20\n"}, count, 8);
    EXPECT_EQ(clients.count(End::kAnswered), count);
    if (host.EndCleanly().redispatched == 0) return clients.answers()[kFirst];
  }
  ADD_FAILURE() << "connections were taken back in each of " << kAttempts
                << " attempts: too busy a machine, or a host that is";
  return 0;
}

class SpeedTest : public testing::TestWithParam<std::string> {};

TEST_P(SpeedTest, TheSlowWorkerGetsLessThanAQuarter) {
  constexpr size_t kClients = 400;
  EXPECT_LT(ToTheSlowOne(GetParam(), kClients), kClients / 4);
}

INSTANTIATE_TEST_SUITE_P(Policies,
                         SpeedTest,
                         testing::Values("peak_ewma", "least_work", "prequal"),
                         [](const auto& info) { return info.param; });

TEST(SpeedTest, RoundRobinGivesTheSlowWorkerHalf) {
  // A worker that a busy machine keeps from its CPU is passed over at times.
  EXPECT_NEAR(ToTheSlowOne("round_robin", 400), 200, 10);
}

// ---- Requests: what plugins report, where round_robin would go on

TEST(RequestsTest, WorkerThatReportsRequestsGetsNoneWhileAnotherIsFree) {
  constexpr size_t kClients = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host(Arguments("least_requests"));
    ASSERT_TRUE(host.AwaitServing(2));
    // One client each, so that connections alone say nothing.
    ClientSet busy({.port = host.port(), .request = "who\n"});
    OpenInTurn(busy, 2);
    const size_t at_first = busy.outcomes()[0].answer == kFirst ? 0 : 1;
    busy.Ask(at_first, "requests 10\n");
    ASSERT_TRUE(busy.AwaitSettled(2));
    ClientSet clients({.port = host.port(), .request = "who\n"});
    OpenInTurn(clients, kClients);
    // Without them connections count, and worker 2 has those of all.
    busy.Ask(at_first, "requests -10\n");
    ASSERT_TRUE(busy.AwaitSettled(2));
    ClientSet later({.port = host.port(), .request = "who\n"});
    OpenInTurn(later, kClients);
    if (host.EndCleanly().redispatched > 0) continue;
    EXPECT_EQ(clients.answers()[kFirst], 0u);
    EXPECT_EQ(later.answers()[kFirst], kClients);
    return;
  }
  FAIL() << "connections were taken back in every attempt";
}

}  // namespace
}  // namespace cluster
