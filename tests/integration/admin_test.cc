// An operator changes a running host (--admin, clusterctl), under load, and no
// connection is lost by it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/admin/admin_client.h"
#include "core/admin/admin_messages.h"
#include "core/host/cpu_placement.h"
#include "scheduler/registry.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/steady_load.h"

namespace cluster {
namespace {

class AdminTest : public ::testing::Test {
 protected:
  AdminTest() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~AdminTest() override { std::filesystem::remove_all(folder_); }

  std::string socket() const { return folder_ + "/admin"; }

  std::vector<std::string> Arguments(
      size_t workers, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {TestPlugin("puppet"),
                                    absl::StrCat("--workers=", workers),
                                    "--admin=" + socket()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
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

void ExpectNothingLost(HostProcess& host) {
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost + books.refused + books.expired, 0u);
}

TEST_F(AdminTest, PolicyAndWeightsChangeWhileConnectionsFlow) {
  HostProcess host(Arguments(2));
  ASSERT_TRUE(host.AwaitServing(2));
  {
    const SteadyLoad load(host.port());
    for (uint32_t round = 0; round < 20; ++round) {
      for (const absl::string_view name : PolicyNames()) {
        const std::string policy(name);
        const AdminReply reply =
            Ask({.action = AdminAction::kSetPolicy, .text = policy});
        EXPECT_EQ(reply.error, "");
        EXPECT_EQ(reply.status.policy, policy);
        if (policy == "round_robin") continue;
        // One that ignores weights goes with equal ones alone.
        for (const uint32_t weight : {round + 2, 1u}) {
          EXPECT_EQ(Ask({.action = AdminAction::kSetWeight,
                         .worker = 1,
                         .number = weight})
                        .error,
                    "");
        }
      }
    }
  }
  ExpectNothingLost(host);
}

TEST_F(AdminTest, SteeredWeightsChangeWhileConnectionsFlow) {
  HostProcess host(Arguments(3, {"--data_path=steer"}));
  ASSERT_TRUE(host.AwaitServing(3));
  {
    const SteadyLoad load(host.port());
    for (uint32_t round = 0; round < 30; ++round) {
      const uint32_t worker = 1 + round % 3;
      for (const uint32_t weight : {65'536u, 1 + round % 4}) {
        const AdminReply reply = Ask({.action = AdminAction::kSetWeight,
                                      .worker = worker,
                                      .number = weight});
        EXPECT_EQ(reply.error, "");
        EXPECT_EQ(reply.status.workers[worker - 1].weight, weight);
        const uint64_t accepted = reply.status.accepted;
        EXPECT_TRUE(AwaitTrue(
            [&] { return Ask({}).status.accepted >= accepted + 20; }));
      }
    }
  }
  ExpectNothingLost(host);
}

TEST_F(AdminTest, WorkersPauseAndResumeWhileConnectionsFlow) {
  for (const char* path : {"--data_path=handoff", "--data_path=steer"}) {
    HostProcess host(Arguments(2, {path}));
    ASSERT_TRUE(host.AwaitServing(2));
    {
      const SteadyLoad load(host.port());
      for (int round = 0; round < 40; ++round) {
        const uint32_t worker = 1 + round % 2;
        const auto pause =
            Ask({.action = AdminAction::kPause, .worker = worker});
        EXPECT_EQ(pause.error, "");
        EXPECT_TRUE(pause.status.workers[worker - 1].paused);
        // Those that come now find the other one alone.
        const uint64_t accepted = pause.status.accepted;
        EXPECT_TRUE(AwaitTrue(
            [&] { return Ask({}).status.accepted >= accepted + 20; }));
        EXPECT_EQ(Ask({.action = AdminAction::kResume, .worker = worker}).error,
                  "");
      }
    }
    ExpectNothingLost(host);
  }
}

TEST_F(AdminTest, WorkersAreRestartedWhileConnectionsFlow) {
  for (const char* path :
       {"--data_path=handoff", "--data_path=share", "--data_path=steer"}) {
    // A worker that drains answers what its clients have yet to ask.
    HostProcess host(Arguments(2, {path, "--set=drain=ignore"}));
    ASSERT_TRUE(host.AwaitServing(2));
    {
      const SteadyLoad load(host.port());
      for (uint32_t worker = 1; worker <= 10; ++worker) {
        EXPECT_EQ(
            Ask({.action = AdminAction::kRestart, .worker = worker}).error, "");
        ASSERT_TRUE(host.AwaitEvent("listening", worker + 2)) << path;
      }
    }
    ExpectNothingLost(host);
  }
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
  for (const char* path : {"--data_path=handoff", "--data_path=steer"}) {
    HostProcess host(Arguments(2, {path}));
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

TEST_F(AdminTest, PolicyThatIgnoresWeightsIsRefusedWhileTheyDiffer) {
  HostProcess host(
      Arguments(2, {"--policy=least_connections", "--weights=3,1"}));
  ASSERT_TRUE(host.AwaitServing(2));
  const AdminRequest round_robin = {.action = AdminAction::kSetPolicy,
                                    .text = "round_robin"};
  EXPECT_EQ(Ask(round_robin).error,
            "policy round_robin ignores weights, and workers have different "
            "ones: give all the same first, or use "
            "smooth_weighted_round_robin");
  EXPECT_EQ(Ask({}).status.policy, "least_connections");
  Ask({.action = AdminAction::kSetWeight, .worker = 2, .number = 3});
  EXPECT_EQ(Ask(round_robin).error, "");
  EXPECT_EQ(Ask({.action = AdminAction::kSetPolicy, .text = "cpu_local"}).error,
            "cpu_local is the kernel's: restart with --data_path=steer");
  EXPECT_EQ(Ask({}).status.policy, "round_robin");
  host.EndCleanly();
}

TEST_F(AdminTest, WhereTheKernelPicksItsPolicyShowsAndStays) {
  struct Choice {
    std::string path;
    std::vector<std::string> more;
    std::string policy;
    bool has_weights;
  };
  std::vector<Choice> choices = {{"share", {}, "", false},
                                 {"steer", {}, "random", true}};
  if (CpusOfThisProcess().size() == OnlineCpus()) {
    choices.push_back({"steer", {"--policy=cpu_local"}, "cpu_local", false});
  }
  for (Choice& choice : choices) {
    choice.more.push_back("--data_path=" + choice.path);
    HostProcess host(Arguments(OnlineCpus(), choice.more));
    ASSERT_TRUE(host.AwaitServing(static_cast<uint32_t>(OnlineCpus())));
    EXPECT_EQ(
        Ask({.action = AdminAction::kSetPolicy, .text = "round_robin"}).error,
        absl::StrCat("on the data path ",
                     choice.path,
                     " the kernel picks: restart with --data_path=handoff"));
    for (const char* policy : {"random", "cpu_local"}) {
      const std::string restart = choice.path == "steer"
                                      ? absl::StrCat("--policy=", policy)
                                      : "--data_path=handoff";
      EXPECT_EQ(Ask({.action = AdminAction::kSetPolicy, .text = policy}).error,
                policy == choice.policy
                    ? ""
                    : absl::StrCat("on the data path ",
                                   choice.path,
                                   " the kernel picks: restart with ",
                                   restart));
    }
    EXPECT_EQ(Ask({.action = AdminAction::kPause, .worker = 1}).error,
              choice.path == "steer"
                  ? ""
                  : "on the data path share workers take connections by "
                    "themselves: none can be paused");
    Ask({.action = AdminAction::kResume, .worker = 1});
    EXPECT_EQ(
        Ask({.action = AdminAction::kSetWeight, .worker = 1, .number = 2})
            .error,
        choice.has_weights
            ? ""
            : "workers have no weights here: the kernel picks, and knows none");
    const AdminStatus status = Ask({}).status;
    EXPECT_EQ(status.policy, choice.policy);
    EXPECT_EQ(status.data_path, choice.path);
    EXPECT_EQ(status.workers[0].weight, choice.has_weights ? 2u : 1u);
    EXPECT_FALSE(status.workers[0].paused);
    host.EndCleanly();
  }
}

TEST_F(AdminTest, SocketThatCannotBeIsRefusedAtStart) {
  HostProcess host({TestPlugin("puppet"), "--admin=/nonexistent/admin"});
  EXPECT_EQ(host.AwaitExit(), 2);
  EXPECT_TRUE(absl::StartsWith(host.ErrorOutput(), "host: --admin: "))
      << host.ErrorOutput();
}

}  // namespace
}  // namespace cluster
