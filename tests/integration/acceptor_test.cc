// Plugins that take their connections themselves, and pauses
// (cluster.acceptor/1).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

std::string Ask(Client& client, const std::string& line) {
  EXPECT_TRUE(client.Send(line + "\n"));
  const std::string answer = client.ReadUntil("\n");
  return answer.substr(0, answer.find('\n'));
}

class AcceptorTest : public testing::TestWithParam<const char*> {
 protected:
  std::vector<std::string> Arguments(uint32_t workers) {
    return {TestPlugin("listens"),
            absl::StrCat("--workers=", workers),
            absl::StrCat("--data_path=", GetParam())};
  }
};

TEST_P(AcceptorTest, WhatThePluginTakesItselfIsServed) {
  for (const char* most : {"1", "7", "1000"}) {
    std::vector<std::string> arguments = Arguments(2);
    arguments.push_back(absl::StrCat("--set=take=", most));
    HostProcess host(arguments);
    ASSERT_TRUE(host.AwaitServing(2));
    const size_t total = Scaled(1000);
    const ClientSet load = RunLoad(
        {.port = host.port(), .request = "who\n", .mark = "\n", .leave = true},
        total,
        64);
    EXPECT_EQ(load.count(End::kAnswered), total) << most;
    const Books books = host.EndCleanly();
    EXPECT_EQ(books.completed, total);
    EXPECT_EQ(books.lost, 0u);
  }
}

TEST_P(AcceptorTest, TakesOverWhileItServes) {
  HostProcess host(Arguments(1));
  ASSERT_TRUE(host.AwaitServing(1));
  Client client(ConnectTo(host.port()));
  EXPECT_EQ(Ask(client, "take 0 3"), "1 0");
  EXPECT_EQ(Ask(client, "take 0 3"), absl::StrCat("1 ", CLUSTER_E_STATE));
  EXPECT_EQ(Ask(client, "take 5 3"), absl::StrCat("1 ", CLUSTER_E_INVALID));
  Client another(ConnectTo(host.port()));
  EXPECT_EQ(Ask(another, "who"), "1");
  host.EndCleanly();
}

// While one of two pauses, the other serves all, and nobody waits for long.
TEST_P(AcceptorTest, OthersServeWhileOnePauses) {
  HostProcess host(Arguments(2));
  ASSERT_TRUE(host.AwaitServing(2));
  Client client(ConnectTo(host.port()));
  const std::string paused = Ask(client, "who");
  EXPECT_EQ(Ask(client, "pause 0"), paused + " 0");
  EXPECT_EQ(Ask(client, "pause 0"), paused + " 0");
  const size_t total = Scaled(2000);
  const ClientPlan plan = {
      .port = host.port(), .request = "who\n", .mark = "\n", .leave = true};
  const ClientSet load = RunLoad(plan, total, 32);
  EXPECT_EQ(load.count(End::kAnswered), total);
  EXPECT_EQ(load.answers().size(), 1u);
  EXPECT_EQ(load.answers().count(paused + "\n"), 0u);
  EXPECT_EQ(Ask(client, "resume 0"), paused + " 0");
  EXPECT_TRUE(AwaitTrue([&] {
    return RunLoad(plan, 32, 16).answers().count(paused + "\n") > 0;
  }));
  host.EndCleanly();
}

// Pauses and resumes, over and over, under load: what it had received goes to
// the other.
TEST_P(AcceptorTest, PausesUnderLoadLoseNothing) {
  std::vector<std::string> arguments = Arguments(2);
  arguments.push_back("--set=take=1");
  HostProcess host(arguments);
  ASSERT_TRUE(host.AwaitServing(2));
  Client client(ConnectTo(host.port()));
  const size_t total = Scaled(4000);
  ClientSet clients(
      {.port = host.port(), .request = "who\n", .mark = "\n", .leave = true});
  size_t opened = 0;
  size_t pauses = 0;
  while (opened < total) {
    clients.Open(32);
    opened += 32;
    client.Send("pause 0\nresume 0\n");
    client.ReadUntil("\n");
    client.ReadUntil("\n");
    ++pauses;
    ASSERT_TRUE(clients.AwaitSettled(opened));
  }
  EXPECT_EQ(clients.count(End::kAnswered), opened);
  EXPECT_GT(pauses, 0u);
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.lost, 0u);
}

// A pause ends with the worker that made it.
TEST_P(AcceptorTest, NextWorkerOfTheSlotIsNotPaused) {
  HostProcess host(Arguments(1));
  ASSERT_TRUE(host.AwaitServing(1));
  Client client(ConnectTo(host.port()));
  EXPECT_EQ(Ask(client, "pause 0"), "1 0");
  Client waiting(ConnectTo(host.port()));
  EXPECT_TRUE(waiting.Send("who\n"));
  kill(host.Workers().at(1), SIGKILL);
  EXPECT_EQ(waiting.ReadUntil("\n"), "2\n");
  host.EndCleanly();
}

INSTANTIATE_TEST_SUITE_P(DataPaths,
                         AcceptorTest,
                         testing::Values("handoff", "share"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace cluster
