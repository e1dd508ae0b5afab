// An operator changes a running host (--admin, clusterctl), under load, and no
// connection is lost by it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/admin/admin_client.h"
#include "core/admin/admin_messages.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

class AdminTest : public ::testing::Test {
 protected:
  AdminTest() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~AdminTest() override { std::filesystem::remove_all(folder_); }

  std::string socket() const { return folder_ + "/admin"; }

  std::vector<std::string> Arguments(int workers) const {
    return {TestPlugin("puppet"),
            absl::StrCat("--workers=", workers),
            "--admin=" + socket()};
  }

  AdminReply Ask(const AdminRequest& request) {
    const absl::StatusOr<AdminReply> reply = AskHost(socket(), request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : AdminReply();
  }

  // Who answers `count` clients, one after the other.
  static std::map<std::string, size_t> Shares(HostProcess& host, size_t count) {
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, count, 1);
    EXPECT_EQ(clients.count(End::kAnswered), count);
    return clients.answers();
  }

 private:
  std::string folder_ = "/tmp/admin-test-XXXXXX";
};

TEST_F(AdminTest, StatusShowsTheWorkersAndTheBooks) {
  HostProcess host(Arguments(2));
  ASSERT_TRUE(host.AwaitServing(2));
  Shares(host, 10);
  const AdminStatus status = Ask({}).status;
  EXPECT_EQ(status.policy, "round_robin");
  EXPECT_EQ(status.data_path, "handoff");
  ASSERT_EQ(status.workers.size(), 2u);
  for (const AdminWorker& worker : status.workers) {
    EXPECT_EQ(worker.pid, host.Workers().at(worker.id));
    EXPECT_EQ(worker.state, "listening");
    EXPECT_EQ(worker.weight, 1u);
  }
  EXPECT_EQ(status.accepted, 10u);
  host.EndCleanly();
}

TEST_F(AdminTest, PolicyAndWeightsChangeWhileConnectionsFlow) {
  HostProcess host(Arguments(2));
  ASSERT_TRUE(host.AwaitServing(2));
  std::atomic<bool> stop = false;
  size_t answered = 0;
  size_t total = 0;
  std::thread load([&] {
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, 1'000'000, 8, [&] {
          return stop.load();
        });
    answered = clients.count(End::kAnswered);
    total = clients.outcomes().size();
  });
  const std::vector<std::string> policies = {
      "round_robin", "least_connections", "p2c:d=2", "rendezvous", "random"};
  for (int round = 0; round < 10; ++round) {
    for (const std::string& policy : policies) {
      const AdminReply reply =
          Ask({.action = AdminAction::kSetPolicy, .text = policy});
      EXPECT_EQ(reply.error, "");
      EXPECT_EQ(reply.status.policy, policy);
    }
    EXPECT_EQ(Ask({.action = AdminAction::kSetWeight,
                   .worker = 1,
                   .number = static_cast<uint32_t>(round + 1)})
                  .error,
              "");
  }
  stop = true;
  load.join();
  EXPECT_EQ(answered, total);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost + books.refused + books.expired, 0u);
}

TEST_F(AdminTest, WeightsAreKeptByTheNextConnection) {
  HostProcess host(Arguments(2));
  ASSERT_TRUE(host.AwaitServing(2));
  Ask({.action = AdminAction::kSetPolicy,
       .text = "smooth_weighted_round_robin"});
  Ask({.action = AdminAction::kSetWeight, .worker = 1, .number = 3});
  const std::map<std::string, size_t> shares = Shares(host, 400);
  EXPECT_EQ(shares,
            (std::map<std::string, size_t>{{"1\n", 300}, {"2\n", 100}}));
  host.EndCleanly();
}

TEST_F(AdminTest, PausedWorkerGetsNoneUntilItIsResumed) {
  for (const char* path : {"handoff", "steer"}) {
    std::vector<std::string> arguments = Arguments(2);
    arguments.push_back(absl::StrCat("--data_path=", path));
    HostProcess host(arguments);
    ASSERT_TRUE(host.AwaitServing(2));
    EXPECT_TRUE(Ask({.action = AdminAction::kPause, .worker = 1})
                    .status.workers[0]
                    .paused);
    EXPECT_EQ(Shares(host, 100), (std::map<std::string, size_t>{{"2\n", 100}}));
    Ask({.action = AdminAction::kResume, .worker = 1});
    EXPECT_GT(Shares(host, 100)["1\n"], 0u);
    host.EndCleanly();
  }
}

TEST_F(AdminTest, RestartedWorkerFinishesAndIsReplaced) {
  HostProcess host(Arguments(2));
  ASSERT_TRUE(host.AwaitServing(2));
  ClientSet held({.port = host.port(), .request = "who\n"});
  held.Open(2);
  ASSERT_TRUE(held.AwaitSettled(2));
  EXPECT_EQ(Ask({.action = AdminAction::kRestart, .worker = 1}).error, "");
  held.Close(held.outcomes()[0].answer == "1\n" ? 0 : 1);
  ASSERT_TRUE(host.AwaitEvent("listening", 3));
  EXPECT_EQ(host.Workers().count(1), 0u);
  EXPECT_EQ(host.Workers().count(3), 1u);
  held.Close(0);
  held.Close(1);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost, 0u);
}

TEST_F(AdminTest, WhatCannotBeIsRefusedInOneLine) {
  HostProcess host(Arguments(1));
  ASSERT_TRUE(host.AwaitServing(1));
  EXPECT_TRUE(absl::StrContains(
      Ask({.action = AdminAction::kSetPolicy, .text = "least_conn"}).error,
      "did you mean \"least_connections\"?"));
  EXPECT_TRUE(
      absl::StrContains(Ask({.action = AdminAction::kPause, .worker = 9}).error,
                        "there is no worker 9"));
  for (const uint32_t weight : {0u, 65'537u, 1'000'000'000u}) {
    EXPECT_TRUE(absl::StrContains(
        Ask({.action = AdminAction::kSetWeight, .worker = 1, .number = weight})
            .error,
        "wants 1 to 65536"));
  }
  EXPECT_EQ(
      Ask({.action = AdminAction::kSetWeight, .worker = 1, .number = 2}).error,
      "policy round_robin ignores weights: smooth_weighted_round_robin does "
      "not");
  EXPECT_EQ(Ask({}).status.workers[0].weight, 1u);
  EXPECT_TRUE(absl::StrContains(
      Ask({.action = static_cast<AdminAction>(99)}).error, "no such request"));
  EXPECT_EQ(Ask({}).status.policy, "round_robin");
  host.EndCleanly();
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(AdminTest, SocketThatCannotBeIsRefusedAtStart) {
  HostProcess host({TestPlugin("puppet"), "--admin=/nonexistent/admin"});
  EXPECT_EQ(host.AwaitExit(), 2);
  EXPECT_TRUE(absl::StartsWith(host.ErrorOutput(), "host: --admin: "))
      << host.ErrorOutput();
}

}  // namespace
}  // namespace cluster
