// Rows B112 to B137, of connections that are on their way to a worker, or whose
// worker leaves: who serves them, and what the primary keeps.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/cluster.h"
#include "core/primary/primary.h"
#include "core/primary/primary_options.h"
#include "ipc/open_fds.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/turns_fixture.h"

namespace cluster {
namespace {

using OnItsWayTest = TurnsTest;

// Of this side.
int PortOf(const Client& client) {
  sockaddr_in own = {};
  socklen_t size = sizeof(own);
  getsockname(client.fd(), reinterpret_cast<sockaddr*>(&own), &size);
  return ntohs(own.sin_port);
}

// Better than Node, where the one that was on its way when it blocked waits
// for it as long as that takes.
TEST_F(OnItsWayTest, B112_BlockedWorkerHoldsNoneAndB113_OthersTakeItsTurns) {
  const auto workers = Start(2);
  const int port = AllListen(workers);
  Block(workers[0]);
  std::list<Client> clients;
  for (int i = 0; i < 40; ++i) clients.emplace_back(port);
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[1]->id());
  }
  // It had its turns, and what it was given is gone from there.
  Tell(workers[0], "go");
  RunUntil([&] { return ServedBy(port) == workers[0]->id(); });
  EXPECT_EQ(cluster_.engine().Snapshot().ledger.lost(), 0u);
}

// By an option, as many as in Node.
TEST_F(OnItsWayTest, B112_AtMostOneIsOnItsWayWhereThatIsAskedFor) {
  PrimaryOptions options;
  options.listeners.dispatch.limits.max_unstarted = 1;
  ASSERT_TRUE(cluster_.start(std::move(options)).ok());
  const auto workers = Start(2);
  const int port = AllListen(workers);
  Block(workers[0]);
  Block(workers[1]);
  std::list<Client> clients;
  for (int i = 0; i < 7; ++i) clients.emplace_back(port);
  // One for each, and the rest is the primary's.
  RunUntil([&] {
    const Accounts accounts = cluster_.engine().Snapshot();
    return accounts.ledger.accepted() == 7 && accounts.pending == 5;
  });
  Tell(workers[0], "go");
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[0]->id());
  }
  Tell(workers[1], "go");
}

TEST_F(OnItsWayTest, B114_TurnsDoNotLookAtLoad) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a keep");
  std::list<Client> clients;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Greeting(clients.emplace_back(port).fd()), workers[0]->id());
  }
  EXPECT_EQ(Listen(workers[1], "listen a keep"), port);
  std::map<uint32_t, int> served;
  for (int i = 0; i < 20; ++i) {
    ++served[Greeting(clients.emplace_back(port).fd())];
  }
  // Half of them, but for turns that it missed on a loaded machine.
  EXPECT_GE(served[workers[0]->id()], 5);
}

TEST_F(OnItsWayTest, B115_ThePrimaryKeepsThemInOrderAndTheBacklogTheRest) {
  PrimaryOptions options;
  DispatchOptions& dispatch = options.listeners.dispatch;
  EXPECT_EQ(dispatch.pending_capacity, 4096u);
  dispatch.pending_capacity = 3;
  dispatch.limits.max_unstarted = 1;
  ASSERT_TRUE(cluster_.start(std::move(options)).ok());
  const auto worker = Start();
  const int port = Listen(worker, "listen a peer");
  Block(worker);
  std::list<Client> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back(port);
  RunUntil([&] { return cluster_.engine().Snapshot().pending == 3; });
  EXPECT_EQ(cluster_.engine().Snapshot().ledger.accepted(), 4u);
  Tell(worker, "go");
  for (const Client& client : clients) {
    EXPECT_TRUE(client.connected());
    EXPECT_EQ(WordOf(Await(worker, "a from"), 2),
              std::to_string(PortOf(client)));
  }
}

TEST_F(OnItsWayTest, B115_WhatWaitsTooLongIsClosed) {
  PrimaryOptions options;
  DispatchOptions& dispatch = options.listeners.dispatch;
  EXPECT_EQ(dispatch.pending_timeout_ns, int64_t{30'000'000'000});
  dispatch.pending_timeout_ns = 1;
  dispatch.limits.max_unstarted = 1;
  ASSERT_TRUE(cluster_.start(std::move(options)).ok());
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  Block(worker);
  const Client on_its_way(port);
  const Client waits(port);
  EXPECT_EQ(Greeting(waits.fd()), 0u);
  EXPECT_EQ(cluster_.engine().Snapshot().ledger.expired(), 1u);
  Tell(worker, "go");
  EXPECT_EQ(Greeting(on_its_way.fd()), worker->id());
}

TEST_F(OnItsWayTest, B117_ThePrimaryLetsGoOfWhatAWorkerHasTaken) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep");
  const size_t before = OpenFds();
  std::list<Client> clients;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Greeting(clients.emplace_back(port).fd()), worker->id());
  }
  // The clients' own ends are this process's, too.
  RunUntil([&] { return OpenFds() == before + clients.size(); });
  EXPECT_TRUE(clients.front().IsOpen());
}

TEST_F(OnItsWayTest, B120_ClientsDoNotNoticeThatAServerCloses) {
  const auto workers = Start(2);
  const int port = AllListen(workers);
  const std::string again = "listen a port=" + std::to_string(port);
  for (int i = 0; i < 30; ++i) {
    std::list<Client> clients;
    for (int j = 0; j < 4; ++j) clients.emplace_back(port);
    // It closes with some of them on their way to it.
    Tell(workers[0], i % 2 == 0 ? "close a" : again);
    for (const Client& client : clients) EXPECT_NE(Greeting(client.fd()), 0u);
  }
}

TEST_F(OnItsWayTest, B127_WhatADeadWorkerHadNotStartedIsServedByAnother) {
  const auto workers = Start(2);
  const int port = AllListen(workers);
  Block(workers[0]);
  Block(workers[1]);
  const size_t before = OpenFds();
  std::list<Client> clients;
  for (int i = 0; i < 6; ++i) clients.emplace_back(port);
  AwaitGiven(6);
  workers[0]->kill(SIGKILL);
  RunUntilDead(workers[0]);
  Tell(workers[1], "go");
  for (const Client& client : clients) {
    EXPECT_EQ(Greeting(client.fd()), workers[1]->id());
  }
  clients.clear();
  RunUntil([&] { return OpenFds() < before; });  // and nothing leaks
}

TEST_F(OnItsWayTest, B130_MessageDelaysNoConnection) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  bool sent = false;
  worker->send(std::string(size_t{64} << 20, 'x'),
               [&](const absl::Status&) { sent = true; });
  EXPECT_EQ(ServedBy(port), worker->id());
  EXPECT_FALSE(sent) << "most of it was still on its way";
  RunUntil([&] { return sent; });
}

TEST_F(OnItsWayTest, B137_ReplacingWorkersOneByOneLosesNothing) {
  std::vector<std::shared_ptr<Worker>> workers = Start(2);
  const int port = AllListen(workers);
  const std::string listen = "listen a port=" + std::to_string(port);
  for (int round = 0; round < 6; ++round) {
    const auto old = workers[round];
    workers.push_back(Start());
    EXPECT_EQ(Listen(workers.back(), listen), port);
    std::list<Client> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back(port);
    if (round % 2 == 0) {
      old->disconnect();
    } else {
      // Where it has started some, these are lost with it: first it hangs.
      for (const Client& client : clients) Greeting(client.fd());
      clients.clear();
      Block(old);
      for (int i = 0; i < 8; ++i) clients.emplace_back(port);
      old->kill(SIGKILL);
    }
    for (const Client& client : clients) EXPECT_NE(Greeting(client.fd()), 0u);
    RunUntilDead(old);
  }
}

}  // namespace
}  // namespace cluster
