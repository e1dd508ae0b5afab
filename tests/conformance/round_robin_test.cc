// Rows B109 to B134: the primary accepts, and gives connections by turns.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/turns_fixture.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

size_t OpenDescriptors() {
  return static_cast<size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

bool ConnectTo(int fd, int port) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0;
}

using RoundRobinTest = TurnsTest;

TEST_F(RoundRobinTest, B109_WorkersHaveNoListeningSocket) {
  const auto worker = Start();
  EXPECT_EQ(ServedBy(Listen(worker, "listen a")), worker->id());
  EXPECT_EQ(Ask(worker, "sockets", "sockets"), "sockets 0");
}

TEST_F(RoundRobinTest, B035_ThePolicyIsOfStreamServers) {
  const auto worker = Start();
  Listen(worker, "listen a");
  Listen(worker, "listen b path=@B035." + std::to_string(getpid()));
  EXPECT_GT(Listen(worker, "bind c"), 0);
  EXPECT_EQ(Ask(worker, "sockets", "sockets"), "sockets 0");
}

TEST_F(RoundRobinTest, B111_StrictlyByTurnsInTheOrderOfListening) {
  const auto workers = Start(3);
  int port = -1;
  for (const int next : {1, 2, 0}) {
    port = Listen(workers[next], "listen a");
    // What it says to the test may come before what it says to the primary.
    RunUntil([&] { return workers[next]->state() == WorkerState::kListening; });
  }
  for (int i = 0; i < 5; ++i) {
    for (const uint32_t turn : {2u, 3u, 1u}) EXPECT_EQ(ServedBy(port), turn);
  }
}

TEST_F(RoundRobinTest, B115_ConnectionsWaitWhenNobodyIsFree) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  Block(worker);
  std::list<Client> clients;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(clients.emplace_back(port).connected());
  }
  Tell(worker, "go");
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), worker->id());
  }
}

TEST_F(RoundRobinTest, B116_WhoBeginsToListenGetsWhatWaits) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  Block(workers[0]);
  std::list<Client> clients;
  for (int i = 0; i < 3; ++i) clients.emplace_back(port);
  AwaitGiven(3);
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[1]->id());
  }
}

TEST_F(RoundRobinTest, B118_WhatAWorkerRefusesGoesToAnother) {
  const auto workers = Start(2);
  const int port = AllListen(workers);
  Block(workers[0], "close a");
  Block(workers[1]);
  std::list<Client> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(port);
  AwaitGiven(4);
  // The first closes before it looks at what it was given.
  Tell(workers[0], "go");
  Await(workers[0], "a closed");
  Tell(workers[1], "go");
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[1]->id());
  }
}

TEST_F(RoundRobinTest, B119_WorkerThatIsFullRefuses) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a keep max=1");
  const Client first(port);
  EXPECT_EQ(Greeting(first.fd()), workers[0]->id());
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ServedBy(port), workers[1]->id());
}

TEST_F(RoundRobinTest, B121_BeyondAWorkersLimitOthersServe) {
  const auto workers = Start(3);
  const int port = Listen(workers[0], "listen a keep max=0");
  EXPECT_EQ(Listen(workers[1], "listen a keep max=1"), port);
  EXPECT_EQ(Listen(workers[2], "listen a keep max=9"), port);
  std::list<Client> clients;
  std::map<uint32_t, int> served;
  for (int i = 0; i < 10; ++i) {
    ++served[Greeting(clients.emplace_back(port).fd())];
  }
  EXPECT_EQ(served, (std::map<uint32_t, int>{{2, 1}, {3, 9}}));
  for (const auto& worker : workers) {
    EXPECT_FALSE(HasSaid(worker, "a dropped"));
  }
}

TEST_F(RoundRobinTest, B122_AllFullTheRestWaits) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep max=1");
  const Client first(port);
  const Client second(port);
  EXPECT_EQ(Greeting(first.fd()), worker->id());
  EXPECT_EQ(Ask(worker, "count a", "a has"), "a has 1");
  // It goes to and fro between nobody.
  const pid_t pid = worker->process().pid();
  const absl::Duration before = CpuTime(pid);
  const absl::Duration mine = CpuTime(getpid());
  io_.run_for(std::chrono::seconds(1));
  EXPECT_LT(CpuTime(pid) - before, absl::Milliseconds(200));
  EXPECT_LT(CpuTime(getpid()) - mine, absl::Milliseconds(200));
  EXPECT_TRUE(second.IsOpen());
  Tell(worker, "free a");
  EXPECT_EQ(Greeting(second.fd()), worker->id());
}

TEST_F(RoundRobinTest, B123_BeyondTheLimitTheyMayBeDropped) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep max=1 drop");
  const Client first(port);
  EXPECT_EQ(Greeting(first.fd()), worker->id());
  ASSERT_EQ(ServedBy(port), 0u);
  Await(worker, "a dropped");
  EXPECT_EQ(Ask(worker, "count a", "a has"), "a has 1");
}

TEST_F(RoundRobinTest, B124_OutOfDescriptorsTheRestWaits) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  std::vector<int> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  const int free_one = dup(0);
  close(free_one);
  rlimit before;
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit low = {static_cast<rlim_t>(free_one + 2), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  for (const int client : clients) EXPECT_TRUE(ConnectTo(client, port));
  for (const int client : clients) EXPECT_EQ(Greeting(client), worker->id());
  setrlimit(RLIMIT_NOFILE, &before);
  for (const int client : clients) close(client);
}

TEST_F(RoundRobinTest, B125_WhoLeavesTakesNothingFromOthers) {
  const auto workers = Start(2);
  const int port = AllListen(workers);
  Block(workers[0]);
  Block(workers[1]);
  std::list<Client> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(port);
  AwaitGiven(4);
  workers[0]->kill(SIGKILL);
  RunUntilDead(workers[0]);
  Tell(workers[1], "go");
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[1]->id());
  }
  EXPECT_EQ(ServedBy(port), workers[1]->id()) << "nor the port";
}

TEST_F(RoundRobinTest, B126_TheLastLeavesWhatWaitsIsClosed) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  Block(worker);
  std::list<Client> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(port);
  AwaitGiven(4);
  worker->kill(SIGKILL);
  for (const Client& client : clients) EXPECT_EQ(Greeting(client.fd()), 0u);
  AwaitRefused(port);
}

TEST_F(RoundRobinTest, B128_TheLastClosesWithOneOnItsWay) {
  const auto worker = Start();
  Listen(worker, "listen b");  // so that something goes on
  const size_t before = OpenDescriptors();
  const int port = Listen(worker, "listen a");
  Block(worker, "close a");
  {
    const Client client(port);
    AwaitGiven(1);
    Tell(worker, "go");
    EXPECT_EQ(Greeting(client.fd()), 0u);
  }
  AwaitRefused(port);
  RunUntil([&] { return OpenDescriptors() <= before; });
}

TEST_F(RoundRobinTest, B129_ChannelThatIsClosing) {
  const auto workers = Start(2);
  const int port = AllListen(workers);
  Block(workers[0]);
  std::list<Client> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(port);
  AwaitGiven(4);
  workers[0]->process().disconnect();
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[1]->id());
  }
  Tell(workers[0], "go");
}

TEST_F(RoundRobinTest, B131_ClientThatLeftIsStillHandedOver) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep");
  Block(worker);
  Client(port).Close();
  AwaitGiven(1);
  Tell(worker, "go");
  // The next one comes behind it.
  const Client next(port);
  EXPECT_EQ(Greeting(next.fd()), worker->id());
  EXPECT_EQ(Ask(worker, "count a", "a has"), "a has 2");
}

TEST_F(RoundRobinTest, B132_TheWorkerKnowsBothAddresses) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a peer");
  const Client client(port);
  sockaddr_in own = {};
  socklen_t size = sizeof(own);
  getsockname(client.fd(), reinterpret_cast<sockaddr*>(&own), &size);
  EXPECT_EQ(Await(worker, "a from"),
            "a from " + std::to_string(ntohs(own.sin_port)) + " to " +
                std::to_string(port));
}

TEST_F(RoundRobinTest, B133_ConnectionStaysWithItsWorker) {
  const auto workers = Start(2);
  const int port = AllListen(workers, "echo");
  const Client client(port);
  const uint32_t first = Greeting(client.fd());
  for (int request = 0; request < 4; ++request) {
    (void)!send(client.fd(), "x", 1, MSG_NOSIGNAL);
    EXPECT_EQ(Greeting(client.fd()), first);
  }
}

TEST_F(RoundRobinTest, B134_CloseLeavesTheOthersAlone) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a keep");
  const Client kept(port);
  EXPECT_EQ(Greeting(kept.fd()), workers[0]->id());
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  EXPECT_EQ(Ask(workers[0], "close a\naddress a", "a is"), "a is nowhere");
  // Turns of the worker in which it could have said so.
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(Ask(workers[0], "count a", "a has"), "a has 1");
  }
  ASSERT_FALSE(HasSaid(workers[0], "a closed")) << "one is open";
  RunUntil([&] {
    return ServedBy(port) == workers[1]->id() &&
           ServedBy(port) == workers[1]->id();
  });
  Tell(workers[0], "free a");
  Await(workers[0], "a closed");
}

TEST_F(RoundRobinTest, B135_WorkerStaysWithoutServersAndEndsWithThemWhenTold) {
  const auto worker = Start();
  Listen(worker, "listen a");
  Ask(worker, "close a", "a closed");
  EXPECT_GT(Listen(worker, "listen b"), 0);
  Tell(worker, "disconnect");
  RunUntilDead(worker);
  EXPECT_EQ(worker->process().exit_code(), 0);
}

}  // namespace
}  // namespace cluster
