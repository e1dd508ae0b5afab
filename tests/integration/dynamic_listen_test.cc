// Listeners that plugins ask for while the host runs (cluster.listener/1).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

uint16_t PortIn(const std::string& text) {
  return static_cast<uint16_t>(
      std::atoi(text.substr(text.rfind(':') + 1).c_str()));
}

uint16_t PortOf(int fd) {
  sockaddr_in address = {};
  socklen_t length = sizeof(address);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  return ntohs(address.sin_port);
}

class DynamicListenTest : public testing::TestWithParam<const char*> {
 protected:
  void Run(uint32_t workers, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        TestPlugin("listens"),
        absl::StrCat("--workers=", workers),
        absl::StrCat("--data_path=", GetParam())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    host_ = std::make_unique<HostProcess>(arguments);
    ASSERT_TRUE(host_->AwaitServing(workers));
  }

  std::string Ask(Client& client, const std::string& line) {
    EXPECT_TRUE(client.Send(line + "\n"));
    const std::string answer = client.ReadUntil("\n");
    EXPECT_TRUE(absl::EndsWith(answer, "\n")) << line;
    return answer.substr(0, answer.find('\n'));
  }

  // The same without the worker's id in front.
  std::string Say(Client& client, const std::string& line) {
    const std::string answer = Ask(client, line);
    const size_t space = answer.find(' ');
    return space == std::string::npos ? "" : answer.substr(space + 1);
  }

  // A connection to each worker, by id.
  std::map<uint32_t, std::unique_ptr<Client>> OneToEach(uint32_t workers) {
    std::map<uint32_t, std::unique_ptr<Client>> clients;
    std::vector<std::unique_ptr<Client>> others;
    // Several at once: of one after the other, the kernel would wake the same
    // worker of a shared socket each time.
    while (clients.size() < workers && others.size() < 4000) {
      std::vector<std::unique_ptr<Client>> burst;
      for (int i = 0; i < 8; ++i) {
        burst.push_back(std::make_unique<Client>(ConnectTo(host_->port())));
      }
      for (std::unique_ptr<Client>& client : burst) {
        const uint32_t id = std::atoi(Ask(*client, "who").c_str());
        auto& place = clients[id];
        (place == nullptr ? place : others.emplace_back()) = std::move(client);
      }
    }
    EXPECT_EQ(clients.size(), workers);
    return clients;
  }

  std::unique_ptr<HostProcess> host_;
};

TEST_P(DynamicListenTest, WorkersThatNameOneAddressShareItsPort) {
  Run(2);
  auto clients = OneToEach(2);
  std::vector<std::string> answers;
  for (auto& [id, client] : clients) {
    answers.push_back(Say(*client, "listen 0 127.0.0.1:0"));
    EXPECT_TRUE(absl::StartsWith(answers.back(), "ok 1 127.0.0.1:"));
    EXPECT_EQ(Say(*client, "count"), "2");
  }
  ASSERT_EQ(answers[0], answers[1]);
  const uint16_t port = PortIn(answers[0]);
  // Both serve it.
  std::vector<Client> kept;
  std::map<std::string, int> seen;
  for (int i = 0; i < 1000 && seen.size() < 2; ++i) {
    kept.emplace_back(ConnectTo(port));
    ++seen[Ask(kept.back(), "who")];
  }
  EXPECT_EQ(seen.size(), 2u);
  kept.clear();
  clients.clear();
  host_->EndCleanly();
}

TEST_P(DynamicListenTest, WhatCannotBeComesBackWithItsReason) {
  Run(1);
  Client client(ConnectTo(host_->port()));
  const UniqueFd taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(listen(taken.get(), 1), 0);
  const std::string address = absl::StrCat("0.0.0.0:", PortOf(taken.get()));
  const std::string in_use = Say(client, "listen 0 " + address);
  EXPECT_TRUE(
      absl::StartsWith(in_use, absl::StrCat("error ", CLUSTER_E_SYSTEM)))
      << in_use;
  EXPECT_TRUE(absl::StrContains(in_use, "EADDRINUSE")) << in_use;
  for (const char* bad : {"localhost:1",
                          "fd:3",
                          "nonsense",
                          "unix:relative",
                          "127.0.0.1:65536",
                          "udp:unix:/x"}) {
    const std::string answer = Say(client, absl::StrCat("listen 0 ", bad));
    EXPECT_TRUE(
        absl::StartsWith(answer, absl::StrCat("error ", CLUSTER_E_CONFIG)))
        << bad << ": " << answer;
  }
  EXPECT_TRUE(absl::StrContains(
      Say(client, "listen 0 " + std::string(5000, 'x')), "refused"));
  EXPECT_EQ(Say(client, "close 9"), absl::StrCat(CLUSTER_E_INVALID));
  host_->EndCleanly();
}

TEST_P(DynamicListenTest, SixteenAreTheMostAndNumbersComeBack) {
  Run(1);
  Client client(ConnectTo(host_->port()));
  const size_t before = OpenDescriptors(host_->pid());
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> numbers;
    for (int i = 1; i < 16; ++i) {
      const std::string answer =
          Say(client, absl::StrCat("listen 0 127.0.0.", i + 1, ":0"));
      ASSERT_TRUE(absl::StartsWith(answer, "ok ")) << answer;
      numbers.push_back(
          std::vector<std::string>(absl::StrSplit(answer, ' '))[1]);
    }
    EXPECT_TRUE(absl::StartsWith(Say(client, "listen 0 127.0.0.20:0"),
                                 absl::StrCat("error ", CLUSTER_E_LIMIT)));
    for (const std::string& number : numbers) {
      EXPECT_EQ(Say(client, "close " + number), "0");
    }
  }
  EXPECT_TRUE(
      AwaitTrue([&] { return OpenDescriptors(host_->pid()) <= before; }));
  host_->EndCleanly();
}

TEST_P(DynamicListenTest, ListensAgainWhereItClosed) {
  Run(1);
  Client client(ConnectTo(host_->port()));
  // The host's own address is no exception, and stays open meanwhile.
  const std::string own = Say(client, "info 0");
  const std::string address = own.substr(own.find(' ') + 1);
  EXPECT_EQ(Say(client, "close 0"), "0");
  EXPECT_EQ(Say(client, "close 0"), absl::StrCat(CLUSTER_E_STATE));
  Client waiting(ConnectTo(host_->port()));
  ASSERT_TRUE(waiting.Send("who\n"));
  EXPECT_EQ(Say(client, "listen 0 " + address), "ok 0 " + address);
  EXPECT_EQ(waiting.ReadUntil("\n"), "1\n");
  const std::string twice = Say(client, "listen 0 " + address);
  EXPECT_TRUE(absl::StrContains(twice, "EADDRINUSE")) << twice;
  // One of the worker's own is gone with its last holder.
  const std::string first = Say(client, "listen 0 127.0.0.1:0");
  const uint16_t port = PortIn(first);
  EXPECT_EQ(Say(client, "close 1"), "0");
  EXPECT_EQ(Say(client, "info 1"), "none");
  EXPECT_TRUE(AwaitTrue([&] { return !ConnectTo(port); }));
  EXPECT_TRUE(absl::StartsWith(
      Say(client, absl::StrCat("listen 0 127.0.0.1:", port)), "ok "));
  EXPECT_TRUE(ConnectTo(port));
  host_->EndCleanly();
}

// One of two workers closes and listens again, over and over, while clients
// come: each is answered.
TEST_P(DynamicListenTest, CloseUnderLoadLosesNoConnection) {
  Run(2);
  auto clients = OneToEach(2);
  std::string answer;
  for (auto& [id, client] : clients) {
    answer = Say(*client, "listen 0 127.0.0.1:0");
  }
  const uint16_t port = PortIn(answer);
  const size_t total = Scaled(4000);
  std::atomic<bool> over = false;
  size_t closes = 0;
  std::thread closer([&] {
    Client& client = *clients.begin()->second;
    while (!over) {
      ASSERT_EQ(Say(client, "close 1"), "0");
      ASSERT_EQ(Say(client, absl::StrCat("listen 0 127.0.0.1:", port)), answer);
      ++closes;
    }
  });
  const ClientSet load =
      RunLoad({.port = port, .request = "who\n", .mark = "\n", .leave = true},
              total,
              32);
  over = true;
  closer.join();
  EXPECT_EQ(load.count(End::kAnswered), total);
  EXPECT_GT(closes, 0u);
  clients.clear();
  const Books books = host_->EndCleanly();
  EXPECT_EQ(books.lost, 0u);
  EXPECT_EQ(books.refused, 0u);
}

// A worker dies; its port stays open for who takes its place, which asks again
// by itself.
TEST_P(DynamicListenTest, PortOutlivesItsWorker) {
  Run(1, {"--set=listen=127.0.0.2:0"});
  ASSERT_TRUE(host_->AwaitEvent("listening", 2));
  Client client(ConnectTo(host_->port()));
  const std::string info = Say(client, "info 1");
  const size_t before = OpenDescriptors(host_->pid());
  kill(host_->Workers().at(1), SIGKILL);
  ASSERT_TRUE(host_->AwaitEvent("listening", 4));
  Client again(ConnectTo(host_->port()));
  EXPECT_EQ(Ask(again, "info 1"), "2 " + info);
  EXPECT_TRUE(
      AwaitTrue([&] { return OpenDescriptors(host_->pid()) <= before; }));
  host_->EndCleanly();
}

TEST_P(DynamicListenTest, ExclusiveIsNotShared) {
  Run(2);
  auto clients = OneToEach(2);
  const std::string first = Say(*clients.at(1), "listen 2 127.0.0.1:0");
  ASSERT_TRUE(absl::StartsWith(first, "ok ")) << first;
  const uint16_t port = PortIn(first);
  EXPECT_TRUE(absl::StrContains(
      Say(*clients.at(2), absl::StrCat("listen 2 127.0.0.1:", port)),
      "EADDRINUSE"));
  const std::string second = Say(*clients.at(2), "listen 2 127.0.0.1:0");
  EXPECT_NE(PortIn(second), port);
  clients.clear();
  host_->EndCleanly();
}

INSTANTIATE_TEST_SUITE_P(DataPaths,
                         DynamicListenTest,
                         testing::Values("handoff", "share"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace cluster
