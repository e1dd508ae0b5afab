// Datagram listeners (--listen=udp:..., cluster.datagram/1).
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/host/host_exit.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

// A client with a socket of its own, connected to 127.0.0.1:`port`.
class DatagramClient {
 public:
  explicit DatagramClient(uint16_t port)
      : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // Connected, it only takes what comes from where it asked.
    EXPECT_EQ(connect(fd_.get(),
                      reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)),
              0);
    const timeval limit = {.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }

  // "" if there is no answer.
  std::string Ask(const std::string& text) {
    return Send(text) ? Receive() : "";
  }

  bool Send(const std::string& text) {
    return send(fd_.get(), text.data(), text.size(), 0) >= 0;
  }
  std::string Receive(int flags = 0) {
    char answer[64];
    const ssize_t size = recv(fd_.get(), answer, sizeof(answer), flags);
    return size < 0 ? "" : std::string(answer, static_cast<size_t>(size));
  }

 private:
  UniqueFd fd_;
};

// The port of the address `n` that a worker knows.
std::string InfoOf(HostProcess& host, int n) {
  Client client(ConnectTo(host.port()));
  EXPECT_TRUE(client.Send(absl::StrCat("info ", n, "\n")));
  return client.ReadUntil("\n");
}

uint16_t PortIn(const std::string& text) {
  return static_cast<uint16_t>(
      std::atoi(text.substr(text.rfind(':') + 1).c_str()));
}

class DatagramTest : public testing::TestWithParam<const char*> {
 protected:
  std::vector<std::string> Arguments(uint32_t workers,
                                     const std::string& address) {
    return {TestPlugin("listens"),
            absl::StrCat("--workers=", workers),
            absl::StrCat("--data_path=", GetParam()),
            "--listen=127.0.0.1:0," + address};
  }
};

TEST_P(DatagramTest, WorkersAnswerFromTheAddressThatWasAsked) {
  for (const char* address : {"udp:127.0.0.1:0", "udp::0"}) {
    HostProcess host(Arguments(2, address));
    ASSERT_TRUE(host.AwaitServing(2));
    ASSERT_TRUE(host.AwaitEvent("listening", 4));
    const std::string info = InfoOf(host, 1);
    EXPECT_TRUE(absl::StrContains(info, "udp:")) << info;
    DatagramClient client(PortIn(info));
    for (int i = 0; i < 100; ++i) {
      const std::string answer = client.Ask("x");
      EXPECT_TRUE(answer == "1" || answer == "2") << answer;
    }
    host.EndCleanly();
  }
}

TEST_P(DatagramTest, StoppedOrDeadWorkerIsNoBlackHole) {
  HostProcess host(Arguments(2, "udp:127.0.0.1:0"));
  ASSERT_TRUE(host.AwaitServing(2));
  ASSERT_TRUE(host.AwaitEvent("listening", 4));
  DatagramClient client(PortIn(InfoOf(host, 1)));
  const pid_t stopped = host.Workers().at(1);
  kill(stopped, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(stopped); }));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.Ask("x"), "2");
  kill(stopped, SIGKILL);
  ASSERT_TRUE(host.AwaitEvent("exit", 1));
  for (int i = 0; i < 50; ++i) EXPECT_NE(client.Ask("x"), "");
  ASSERT_TRUE(host.AwaitEvent("listening", 6));
  host.EndCleanly();
}

// Lets this process have `count` descriptors.
void AllowDescriptors(rlim_t count) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::max(limit.rlim_cur, count);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// Each slot has a socket of its own: a flow is one worker's, and its
// successor's.
TEST(SteeredDatagramTest, FlowsSpreadAndStayWithTheirSlot) {
  // Of a thousand, one run in fifty is less even than a tenth by chance alone;
  // of so many, one in a million.
  constexpr int kFlows = 3'000;
  AllowDescriptors(kFlows + 100);
  HostProcess host({TestPlugin("listens"),
                    "--workers=4",
                    "--data_path=steer",
                    "--listen=127.0.0.1:0,udp:127.0.0.1:0"});
  ASSERT_TRUE(host.AwaitServing(4));
  ASSERT_TRUE(host.AwaitEvent("listening", 8));
  const uint16_t port = PortIn(InfoOf(host, 1));
  std::vector<std::unique_ptr<DatagramClient>> flows;
  std::vector<std::string> owners;
  std::map<std::string, int> counts;
  for (int i = 0; i < kFlows; ++i) {
    flows.push_back(std::make_unique<DatagramClient>(port));
    owners.push_back(flows.back()->Ask("x"));
    ++counts[owners.back()];
  }
  ASSERT_EQ(counts.size(), 4u);
  double squares = 0;
  for (const auto& [worker, count] : counts) {
    squares += (count - kFlows / 4.0) * (count - kFlows / 4.0) / 4;
  }
  EXPECT_LE(std::sqrt(squares) / (kFlows / 4.0), 0.1);

  kill(host.Workers().at(2), SIGKILL);
  ASSERT_TRUE(host.AwaitEvent("listening", 10));
  for (int i = 0; i < kFlows; ++i) {
    ASSERT_EQ(flows[i]->Ask("x"), owners[i] == "2" ? "5" : owners[i]) << i;
  }
  host.EndCleanly();
}

// Nobody else reads what it is sent; it does when it goes on.
TEST(SteeredDatagramTest, WhatAStoppedWorkerIsSentWaitsForIt) {
  HostProcess host({TestPlugin("listens"),
                    "--workers=2",
                    "--data_path=steer",
                    "--listen=127.0.0.1:0,udp:127.0.0.1:0"});
  ASSERT_TRUE(host.AwaitServing(2));
  ASSERT_TRUE(host.AwaitEvent("listening", 4));
  const uint16_t port = PortIn(InfoOf(host, 1));
  std::map<std::string, std::unique_ptr<DatagramClient>> by_owner;
  while (by_owner.size() < 2) {
    auto client = std::make_unique<DatagramClient>(port);
    const std::string owner = client->Ask("x");
    ASSERT_NE(owner, "");
    by_owner[owner] = std::move(client);
  }
  const pid_t stopped = host.Workers().at(1);
  kill(stopped, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(stopped); }));
  ASSERT_TRUE(by_owner["1"]->Send("x"));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(by_owner["2"]->Ask("x"), "2");
  EXPECT_EQ(by_owner["1"]->Receive(MSG_DONTWAIT), "");
  kill(stopped, SIGCONT);
  EXPECT_EQ(by_owner["1"]->Receive(), "1");
  host.EndCleanly();
}

TEST(SteeredDatagramTest, SecondHostOnThePortIsRefused) {
  std::vector<std::string> arguments = {TestPlugin("listens"),
                                        "--workers=2",
                                        "--data_path=steer",
                                        "--listen=127.0.0.1:0,udp:127.0.0.1:0"};
  HostProcess host(arguments);
  ASSERT_TRUE(host.AwaitServing(2));
  ASSERT_TRUE(host.AwaitEvent("listening", 4));
  arguments.back() =
      absl::StrCat("--listen=udp:127.0.0.1:", PortIn(InfoOf(host, 1)));
  HostProcess second(arguments);
  EXPECT_EQ(second.AwaitExit(), kExitBind);
  EXPECT_TRUE(absl::StrContains(second.ErrorOutput(), "EADDRINUSE"))
      << second.ErrorOutput();
  host.EndCleanly();
}

TEST_P(DatagramTest, PluginsAskForMoreAndShareThem) {
  HostProcess host(Arguments(1, "udp:127.0.0.1:0"));
  ASSERT_TRUE(host.AwaitServing(1));
  const size_t before = OpenDescriptors(host.pid());
  Client client(ConnectTo(host.port()));
  ASSERT_TRUE(client.Send("listen 0 udp:127.0.0.1:0\n"));
  const std::string answer = client.ReadUntil("\n");
  ASSERT_TRUE(absl::StartsWith(answer, "1 ok 2 udp:127.0.0.1:")) << answer;
  EXPECT_EQ(DatagramClient(PortIn(answer)).Ask("x"), "1");
  ASSERT_TRUE(client.Send("close 2\n"));
  EXPECT_EQ(client.ReadUntil("\n"), "1 0\n");
  EXPECT_EQ(DatagramClient(PortIn(answer)).Ask("x"), "");
  EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(host.pid()) <= before; }));
  host.EndCleanly();
}

TEST_P(DatagramTest, PluginThatTakesNoneIsRefused) {
  HostProcess host({"echo",
                    "--listen=udp:127.0.0.1:0",
                    absl::StrCat("--data_path=", GetParam())});
  EXPECT_EQ(host.AwaitExit(), kExitUsage);
  EXPECT_EQ(host.ErrorOutput(),
            "host: --listen=udp:127.0.0.1:0: the plugin echo takes no "
            "datagrams (it does not require cluster.datagram/1)\n");
}

INSTANTIATE_TEST_SUITE_P(DataPaths,
                         DatagramTest,
                         testing::Values("handoff", "share"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace cluster
