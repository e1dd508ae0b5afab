// Each policy in the real host, where it must do something else than
// round_robin would, for a reason that is known; counted by worker.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

// A worker that gets no CPU for 20 ms gives back what it has not started, and
// another has it: such a run says nothing about shares, and is repeated.
constexpr int kAttempts = 10;
// What a client of the first worker is told.
constexpr char kFirst[] = "1\n";

std::vector<std::string> Arguments(const std::string& policy,
                                   uint32_t workers,
                                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {TestPlugin("puppet"),
                                  "--policy=" + policy,
                                  absl::StrCat("--workers=", workers)};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string Name(const testing::TestParamInfo<std::string>& info) {
  return info.param.substr(0, info.param.find(':'));
}

// Connections by worker when `count` clients come one after another and stay.
std::map<std::string, size_t> SharesOfThoseWhoStay(
    const std::vector<std::string>& arguments, uint32_t workers, size_t count) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host(arguments);
    EXPECT_TRUE(host.AwaitServing(workers));
    ClientSet clients({.port = host.port(), .request = "who\n"});
    for (size_t i = 1; i <= count; ++i) {
      clients.Open(1);
      EXPECT_TRUE(clients.AwaitSettled(i));
    }
    const std::map<std::string, size_t> shares = clients.answers();
    if (host.EndCleanly().redispatched == 0) return shares;
  }
  ADD_FAILURE() << "connections were taken back in each of " << kAttempts
                << " attempts: too busy a machine, or a host that is";
  return {};
}

std::vector<size_t> Counts(const std::map<std::string, size_t>& shares) {
  std::vector<size_t> counts;
  for (const auto& [worker, count] : shares) counts.push_back(count);
  return counts;
}

// ---- Weights: 3 to 1, where round_robin would give as much to both

class ExactWeightTest : public testing::TestWithParam<std::string> {};

TEST_P(ExactWeightTest, SharesAreThreeToOne) {
  EXPECT_EQ(Counts(SharesOfThoseWhoStay(
                Arguments(GetParam(), 2, {"--weights=3,1"}), 2, 40)),
            (std::vector<size_t>{30, 10}));
}

INSTANTIATE_TEST_SUITE_P(Policies,
                         ExactWeightTest,
                         testing::Values("smooth_weighted_round_robin",
                                         "least_connections",
                                         "least_requests",
                                         "least_work",
                                         "p2c",
                                         "bounded_load:factor=1"),
                         Name);

TEST(WeightTest, RandomSharesAreThreeToOneWithinTwoPercent) {
  constexpr size_t kClients = 10'000;  // 2 % are 4.6 standard deviations
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host(Arguments("random", 2, {"--weights=3,1"}));
    ASSERT_TRUE(host.AwaitServing(2));
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, kClients, 20);
    EXPECT_EQ(clients.count(End::kAnswered), kClients);
    const size_t share = clients.answers()[kFirst];
    if (share >= kClients * 73 / 100 && share <= kClients * 77 / 100) return;
    // Of one from which some were taken back the other gets more than was drawn
    // for it, until that one shows life.
    ASSERT_GT(host.EndCleanly().redispatched, 0u) << share;
  }
  ADD_FAILURE() << "many connections were taken back in each of " << kAttempts
                << " attempts: too busy a machine, or a host that is";
}

// ---- Load: who has room gets the next one, where round_robin would go on

class LoadTest : public testing::TestWithParam<std::string> {};

TEST_P(LoadTest, TheWorkerThatBecameIdleGetsTheNext) {
  HostProcess host(Arguments(GetParam(), 2));
  ASSERT_TRUE(host.AwaitServing(2));
  const std::map<uint32_t, pid_t> workers = host.Workers();
  ClientSet clients({.port = host.port(), .request = "who\n"});
  // One client each; policies that learn may need a few for that.
  std::set<std::string> seen;
  size_t at_first = SIZE_MAX;  // who is at worker 1
  while (seen.size() < 2 && clients.outcomes().size() < 20) {
    clients.Open(1);
    ASSERT_TRUE(clients.AwaitSettled(clients.outcomes().size()));
    const size_t client = clients.outcomes().size() - 1;
    if (!seen.insert(clients.outcomes()[client].answer).second) {
      clients.Close(client);
    } else if (clients.outcomes()[client].answer == kFirst) {
      at_first = client;
    }
  }
  ASSERT_EQ(seen.size(), 2u);
  constexpr int kRounds = 20;
  int to_first = 0;
  for (int i = 0; i < kRounds; ++i) {
    const size_t before = OpenDescriptors(workers.at(1));
    clients.Close(at_first);
    ASSERT_TRUE(
        AwaitTrue([&] { return OpenDescriptors(workers.at(1)) < before; }));
    clients.Open(1);
    const size_t client = clients.outcomes().size() - 1;
    ASSERT_TRUE(clients.AwaitSettled(client + 1));
    if (clients.outcomes()[client].answer == kFirst) {
      ++to_first;
      at_first = client;
      continue;
    }
    // Worker 1 had not said yet that it is idle: the client goes there anew.
    clients.Close(client);
    clients.Open(1);
    ASSERT_TRUE(clients.AwaitSettled(client + 2));
    at_first = client + 1;
    if (clients.outcomes()[at_first].answer != kFirst) break;
  }
  // round_robin: half.
  EXPECT_GE(to_first, kRounds - 4);
  host.EndCleanly();
}

INSTANTIATE_TEST_SUITE_P(Policies,
                         LoadTest,
                         testing::Values("least_connections",
                                         "least_requests",
                                         "least_work",
                                         "p2c",
                                         "peak_ewma",
                                         "idle_first",
                                         "prequal:q=0"),
                         Name);

// ---- Packing and limits

TEST(SomeCapTest, FirstFillsOneWorkerBeforeTheNext) {
  std::vector<size_t> counts =
      Counts(SharesOfThoseWhoStay(Arguments("first:cap=5", 3), 3, 12));
  std::sort(counts.begin(), counts.end());
  EXPECT_EQ(counts, (std::vector<size_t>{2, 5, 5}));
}

// Here, or in the kernel's backlog.
class CapTest : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Queues,
                         CapTest,
                         testing::Values("--pending=4096", "--pending=0"),
                         [](const auto& info) {
                           return "Of" + info.param.substr(10);
                         });

TEST_P(CapTest, ClientsBeyondTheLimitWaitUntilOneLeaves) {
  HostProcess host(Arguments("first", 2, {"--max_connections=3", GetParam()}));
  ASSERT_TRUE(host.AwaitServing(2));
  ClientSet clients({.port = host.port(), .request = "who\n"});
  clients.Open(7);
  ASSERT_TRUE(clients.AwaitSettled(6));
  for (const auto& [worker, count] : clients.answers()) EXPECT_EQ(count, 3u);
  // Until the host has nothing to look after any more.
  clients.RunFor(absl::Milliseconds(100));
  EXPECT_EQ(clients.settled(), 6u);
  for (size_t i = 0; i < 7; ++i) {
    if (clients.outcomes()[i].end != End::kAnswered) continue;
    clients.Close(i);
    break;
  }
  EXPECT_TRUE(clients.AwaitSettled(7));
  EXPECT_EQ(clients.count(End::kAnswered), 7u);
  host.EndCleanly();
}

TEST(SomeCapTest, EachWorkerHasItsOwnLimit) {
  HostProcess host(Arguments("round_robin", 2, {"--max_connections=1,3"}));
  ASSERT_TRUE(host.AwaitServing(2));
  ClientSet clients({.port = host.port(), .request = "who\n"});
  clients.Open(6);
  ASSERT_TRUE(clients.AwaitSettled(4));
  EXPECT_EQ(clients.answers(),
            (std::map<std::string, size_t>{{"1\n", 1}, {"2\n", 3}}));
  EXPECT_EQ(clients.settled(), 4u);
  host.EndCleanly();
}

// ---- Keys: a client stays at its worker, where round_robin would rotate

// Asks "who" from 127.0.0.`last` and returns the answer.
std::string AskFrom(uint8_t last, uint16_t port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own = {};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(0x7f000000u + last);
  sockaddr_in host = {};
  host.sin_family = AF_INET;
  host.sin_port = htons(port);
  host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const from = reinterpret_cast<const sockaddr*>(&own);
  const auto* const to = reinterpret_cast<const sockaddr*>(&host);
  if (bind(fd.get(), from, sizeof(own)) != 0) return "bind";
  if (connect(fd.get(), to, sizeof(host)) != 0) return "connect";
  if (write(fd.get(), "who\n", 4) != 4) return "write";
  char answer[32];
  const ssize_t size = read(fd.get(), answer, sizeof(answer));
  return size > 0 ? std::string(answer, size) : "read";
}

class KeyTest : public testing::TestWithParam<std::string> {};

TEST_P(KeyTest, ClientsStayAtTheirWorkersAndSpread) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host(Arguments(GetParam(), 4));
    ASSERT_TRUE(host.AwaitServing(4));
    std::map<uint8_t, std::set<std::string>> workers;
    std::set<std::string> all;
    for (int round = 0; round < 4; ++round) {
      for (uint8_t client = 1; client <= 30; ++client) {
        const std::string answer = AskFrom(client, host.port());
        workers[client].insert(answer);
        all.insert(answer);
      }
    }
    if (host.EndCleanly().redispatched > 0) continue;
    for (const auto& [client, answers] : workers) {
      EXPECT_EQ(answers.size(), 1u) << "client " << int{client};
    }
    // Thirty clients leave one of four workers out once in 1,400 times, and
    // two of them practically never.
    EXPECT_GE(all.size(), 3u);
    return;
  }
  FAIL() << "connections were taken back in every attempt";
}

INSTANTIATE_TEST_SUITE_P(Policies,
                         KeyTest,
                         testing::Values("rendezvous",
                                         "maglev",
                                         "bounded_load:factor=100"),
                         Name);

// One client of all: a plain sticky policy would give it to one worker.
TEST(KeyTest, BoundedLoadSpillsAHotClientAsFarAsItMust) {
  const std::map<std::string, size_t> shares =
      SharesOfThoseWhoStay(Arguments("bounded_load:factor=2", 4), 4, 40);
  EXPECT_GE(shares.size(), 2u);
  for (const auto& [worker, count] : shares) EXPECT_LE(count, 20u) << worker;
}

// ---- Ejection: a slot whose workers die of their connections gets none

// Kills worker 1 of three while it has a client; returns who answers those
// that come once its successor, worker 4, listens.
std::map<std::string, size_t> SharesAfterADeath(
    const std::vector<std::string>& more) {
  HostProcess host(Arguments("least_connections", 3, more));
  EXPECT_TRUE(host.AwaitServing(3));
  ClientSet held({.port = host.port(), .request = "who\n"});
  held.Open(3);
  EXPECT_TRUE(held.AwaitSettled(3));
  EXPECT_EQ(held.answers()[kFirst], 1u);
  EXPECT_EQ(kill(host.Workers().at(1), SIGKILL), 0);
  EXPECT_TRUE(host.AwaitEvent("listening", 4));
  ClientSet next({.port = host.port(), .request = "who\n"});
  for (size_t i = 1; i <= 10; ++i) {
    next.Open(1);
    EXPECT_TRUE(next.AwaitSettled(i));
  }
  EXPECT_EQ(next.count(End::kAnswered), 10u);
  EXPECT_EQ(host.EndCleanly().lost, 1u);
  return next.answers();
}

TEST(EjectionTest, SuccessorOfAWorkerThatDiedWithItsClientGetsNone) {
  EXPECT_GT(SharesAfterADeath({})["4\n"], 0u);
  EXPECT_EQ(SharesAfterADeath({"--eject=1"})["4\n"], 0u);
}

// All fail. Of two, one may be ejected and the other serves; one alone is
// ejected, and better than none: it serves on (panic). How it is where all of
// several are ejected, which at most a tenth ever is, the dispatcher's tests
// say.
TEST(EjectionTest, HostWhoseWorkersHaveAllFailedServes) {
  for (const uint32_t workers : {1u, 2u}) {
    HostProcess host(Arguments("least_connections", workers, {"--eject=1"}));
    ASSERT_TRUE(host.AwaitServing(workers));
    ClientSet held({.port = host.port(), .request = "who\n"});
    held.Open(workers);
    ASSERT_TRUE(held.AwaitSettled(workers));
    EXPECT_EQ(held.answers().size(), workers);
    for (const auto& [id, pid] : host.Workers()) {
      EXPECT_EQ(kill(pid, SIGKILL), 0);
    }
    ASSERT_TRUE(host.AwaitEvent("listening", 2 * workers));
    const ClientSet next =
        RunLoad({.port = host.port(), .request = "who\n"}, 20, 2);
    EXPECT_EQ(next.count(End::kAnswered), 20u);
    const Books books = host.EndCleanly();
    EXPECT_EQ(books.lost, workers);
    EXPECT_EQ(books.refused + books.expired, 0u);
  }
}

// ---- Slow start: a worker that has just begun gets a part of its share

TEST(SlowStartTest, SuccessorGetsLessThanItsShareAtFirst) {
  constexpr absl::Duration kRise = absl::Seconds(4);
  HostProcess host(
      Arguments("smooth_weighted_round_robin",
                2,
                {absl::StrCat("--slow_start=", absl::FormatDuration(kRise))}));
  ASSERT_TRUE(host.AwaitServing(2));
  // From its first round on, the second worker's share rises.
  RunLoad({.port = host.port(), .request = "who\n"}, 2, 1);
  const absl::Time full = absl::Now() + kRise;
  ASSERT_TRUE(AwaitTrue([&] { return absl::Now() > full; }));
  ASSERT_EQ(kill(host.Workers().at(1), SIGKILL), 0);
  ASSERT_TRUE(host.AwaitEvent("listening", 3));
  const absl::Time began = absl::Now();
  constexpr size_t kClients = 110;
  ClientSet clients =
      RunLoad({.port = host.port(), .request = "who\n"}, kClients, 1);
  // In tenths; that much it had at most when the last client came.
  const double tenths = std::ceil((absl::Now() - began) / (kRise / 10)) + 1;
  const double share = std::min(tenths / 10, 1.0);
  const size_t most = std::ceil(kClients * share / (1 + share)) + 1;
  EXPECT_EQ(clients.count(End::kAnswered), kClients);
  EXPECT_GT(clients.answers()["3\n"], 0u);
  EXPECT_LE(clients.answers()["3\n"], most);
  host.EndCleanly();
}

}  // namespace
}  // namespace cluster
