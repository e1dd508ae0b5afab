// Rows B138 to B145: the workers accept from one socket.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

class SharedSocketTest : public ListeningTest {
 protected:
  SharedSocketTest() { cluster_.set_scheduling_policy(kSchedNone); }
};

TEST_F(SharedSocketTest, B138_WorkersHaveTheSocketAndAccept) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  EXPECT_EQ(Ask(worker, "sockets", "sockets"), "sockets 1");
  // Nobody else accepts.
  Ask(worker, "block", "blocked");
  const Client waits(port);
  for (int i = 0; i < 20; ++i) io_.poll();
  EXPECT_TRUE(waits.IsOpen());
  Tell(worker, "go");
  EXPECT_EQ(Greeting(waits.fd()), worker->id());
}

// The other half: RoundRobinTest.B035_ThePolicyIsOfStreamServers.
TEST_F(SharedSocketTest, B035_ThePolicyIsOfStreamServers) {
  const auto worker = Start();
  Listen(worker, "listen a");
  Listen(worker, "listen b path=@B035." + std::to_string(getpid()));
  Listen(worker, "bind c");
  EXPECT_EQ(Ask(worker, "sockets", "sockets"), "sockets 2");
}

TEST_F(SharedSocketTest, B139_OfManyAtOnceNoneIsLost) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  std::list<Client> clients;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(clients.emplace_back(port).connected());
  }
  for (const Client& client : clients) EXPECT_NE(Greeting(client.fd()), 0u);
}

TEST_F(SharedSocketTest, B139_WorkerTakesOneAWakeUp) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a block");
  Ask(workers[0], "block", "blocked");
  std::list<Client> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(port);
  // It finds all of them, and the first makes it hang when it has taken what it
  // woke for.
  Ask(workers[0], "go", "a blocked");
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  int of_the_other = 0;
  for (const Client& client : clients) {
    of_the_other += Greeting(client.fd()) == workers[1]->id();
  }
  // The wake-up in which it hung may have brought a second.
  EXPECT_GE(of_the_other, 8);
  Tell(workers[0], "go");
}

TEST_F(SharedSocketTest, B139_IdleWorkersTakeTurns) {
  const auto workers = Start(3);
  int port = 0;
  for (const auto& worker : workers) port = Listen(worker, "listen a");
  std::map<uint32_t, int> served;
  for (int i = 0; i < 30; ++i) ++served[ServedBy(port)];
  // One that is not back in its wait yet is passed by.
  for (const auto& worker : workers) EXPECT_GE(served[worker->id()], 5);
}

TEST_F(SharedSocketTest, B140_WhatIsInTheBacklogGoesToAnother) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  Ask(workers[0], "block", "blocked");
  std::list<Client> clients;
  for (int i = 0; i < 3; ++i) clients.emplace_back(port);
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  workers[0]->kill(SIGKILL);
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[1]->id());
  }
}

TEST_F(SharedSocketTest, B141_TheLastDiesWhatIsInTheBacklogIsReset) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  Ask(worker, "block", "blocked");
  const Client client(port);
  worker->kill(SIGKILL);
  RunUntilDead(worker);
  char byte;
  EXPECT_EQ(recv(client.fd(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(SharedSocketTest, B142_PortIsFreeWhenTheLastIsGone) {
  const auto workers = Start(3);
  const int port = Listen(workers[0], "listen a");
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  workers[0]->kill(SIGKILL);
  RunUntilDead(workers[0]);
  EXPECT_EQ(ServedBy(port), workers[1]->id());
  // Only who has the socket can give it to another.
  const std::string there = "listen a port=" + std::to_string(port);
  EXPECT_EQ(Listen(workers[2], there), port);
  for (const auto& worker : {workers[1], workers[2]}) {
    EXPECT_TRUE(Client(port).connected());
    worker->kill(SIGKILL);
    RunUntilDead(worker);
  }
  EXPECT_FALSE(Client(port).connected());
}

TEST_F(SharedSocketTest, B143_ConnectRightAfterDisconnectDoesNotHang) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  worker->disconnect();
  RunUntil([&] {
    const Client client(port);
    if (!client.connected()) return true;
    (void)Greeting(client.fd());  // served, closed or reset
    return false;
  });
}

TEST_F(SharedSocketTest, B144_BeyondTheLimitTheyMayBeDropped) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep max=1 drop");
  const Client first(port);
  EXPECT_EQ(Greeting(first.fd()), worker->id());
  ASSERT_EQ(ServedBy(port), 0u);
  Await(worker, "a dropped");
}

TEST_F(SharedSocketTest, B144_ElseTheyAreLeftToOthers) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a keep max=1");
  const Client first(port);
  EXPECT_EQ(Greeting(first.fd()), workers[0]->id());
  const Client second(port);
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  EXPECT_EQ(Greeting(second.fd()), workers[1]->id());
}

TEST_F(SharedSocketTest, B145_WorkerMayComeBack) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  for (int round = 0; round < 3; ++round) {
    Ask(workers[0], "close a", "a closed");
    EXPECT_EQ(ServedBy(port), workers[1]->id());
    ASSERT_EQ(Listen(workers[0], "listen a"), port);
  }
}

}  // namespace
}  // namespace cluster
