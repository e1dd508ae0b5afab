// Which worker gets which connection.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

constexpr uint32_t kWorkers = 4;

// Where an exact share is expected: a worker that gets no CPU for 20 ms gives
// back what it has not started, and then another has one more. On a machine
// where that happened the run says nothing, and is repeated.
constexpr int kAttempts = 10;

std::string WorkerHeader(const std::string& answer) {
  const size_t at = answer.find("X-Worker: ");
  if (at == std::string::npos) return "?";
  return answer.substr(at + 10, answer.find('\r', at) - at - 10);
}

// Returns how many workers had a share.
size_t ExpectNoneLost(const std::string& data_path) {
  HostProcess host({"hello_http",
                    absl::StrCat("--workers=", kWorkers),
                    "--data_path=" + data_path});
  EXPECT_TRUE(host.AwaitServing(kWorkers));
  const size_t total = Scaled(10'000);
  const ClientSet clients =
      RunLoad({.port = host.port(),
               .request = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
               .mark = "ok\n"},
              total,
              50);
  EXPECT_EQ(clients.count(End::kAnswered), total);
  std::map<std::string, size_t> shares;
  for (const Outcome& outcome : clients.outcomes()) {
    EXPECT_TRUE(absl::StartsWith(outcome.answer, "HTTP/1.1 200 OK\r\n"));
    ++shares[WorkerHeader(outcome.answer)];
  }
  std::string text;
  for (const auto& [worker, share] : shares) {
    absl::StrAppend(&text, " worker ", worker, ": ", share);
  }
  std::printf(
      "%zu requests over %s:%s\n", total, data_path.c_str(), text.c_str());
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.accepted, total);
  EXPECT_EQ(books.completed, total);
  return shares.size();
}

TEST(SpreadTest, HandoffLosesNoneOfManyRequests) {
  EXPECT_EQ(ExpectNoneLost("handoff"), kWorkers);
}

TEST(SpreadTest, ShareLosesNoneOfManyRequests) {
  EXPECT_EQ(ExpectNoneLost("share"), kWorkers);
}

// Returns the workers in the order in which they answered `count` clients, each
// of which came when the one before had gone.
std::vector<std::string> AnswersInTurn(uint16_t port, size_t count) {
  std::vector<std::string> order;
  for (size_t i = 0; i < count; ++i) {
    ClientSet client({.port = port, .request = "who\n", .leave = true});
    client.Open(1);
    if (!client.AwaitSettled(1)) break;
    order.push_back(client.outcomes()[0].answer);
  }
  return order;
}

bool IsRotation(const std::vector<std::string>& order) {
  for (size_t i = kWorkers; i < order.size(); ++i) {
    if (order[i] != order[i - kWorkers]) return false;
  }
  return std::set<std::string>(order.begin(), order.begin() + kWorkers)
             .size() == kWorkers;
}

TEST(SpreadTest, RoundRobinGivesClientsInTurnToWorkersInTurn) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host(
        {TestPlugin("puppet"), absl::StrCat("--workers=", kWorkers)});
    ASSERT_TRUE(host.AwaitServing(kWorkers));
    const std::vector<std::string> order = AnswersInTurn(host.port(), 40);
    ASSERT_EQ(order.size(), 40u);
    if (host.EndCleanly().redispatched > 0) continue;
    EXPECT_TRUE(IsRotation(order));
    return;
  }
  FAIL() << "connections were taken back from workers in each of " << kAttempts
         << " attempts: too busy a machine, or a host that is";
}

TEST(SpreadTest, RoundRobinSharesConnectionsOpenedAtOnceExactly) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host(
        {TestPlugin("puppet"), absl::StrCat("--workers=", kWorkers)});
    ASSERT_TRUE(host.AwaitServing(kWorkers));
    // So that the primary finds all 64 at once, however busy the machine is.
    host.Signal(SIGSTOP);
    ASSERT_TRUE(AwaitTrue([&] { return IsStopped(host.pid()); }));
    ClientSet clients({.port = host.port(), .request = "who\n"});
    clients.Open(64);
    ASSERT_TRUE(clients.AwaitConnected(64));
    host.Signal(SIGCONT);
    ASSERT_TRUE(clients.AwaitSettled(64));
    EXPECT_EQ(clients.count(End::kAnswered), 64u);
    const std::map<std::string, size_t> shares = clients.answers();
    if (host.EndCleanly().redispatched > 0) continue;
    EXPECT_EQ(shares.size(), kWorkers);
    for (const auto& [worker, share] : shares) {
      EXPECT_EQ(share, 16u) << "worker " << worker;
    }
    return;
  }
  FAIL() << "connections were taken back from workers in each of " << kAttempts
         << " attempts: too busy a machine, or a host that is";
}

}  // namespace
}  // namespace cluster
