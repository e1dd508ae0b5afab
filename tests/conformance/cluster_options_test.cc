// What a program says of its cluster at once: a loop, a deadline, ports that
// are kept.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "core/cluster.h"
#include "core/primary/primary.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

class DrainTimeoutTest : public ListeningTest {
 protected:
  DrainTimeoutTest()
      : ListeningTest({.drain_timeout = absl::Milliseconds(100)}) {}
};

TEST_F(DrainTimeoutTest, OpenConnectionIsCut) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep");
  const Client held(port);
  EXPECT_EQ(Greeting(held.fd()), worker->id());
  worker->disconnect();
  RunUntilDead(worker);
  EXPECT_EQ(worker->exited_after_disconnect(), true);
  EXPECT_EQ(worker->process().exit_code(), 0) << "it keeps the time itself";
  EXPECT_FALSE(held.IsOpen());
}

TEST_F(DrainTimeoutTest, WorkerThatDoesNotEndIsKilled) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep");
  const Client held(port);
  EXPECT_EQ(Greeting(held.fd()), worker->id());
  Ask(worker, "block", "blocked");
  worker->disconnect();
  RunUntilDead(worker);
  EXPECT_EQ(worker->exited_after_disconnect(), true);
  EXPECT_EQ(worker->process().signal(), SIGKILL);
  EXPECT_FALSE(held.IsOpen());
}

TEST_F(DrainTimeoutTest, DeadlineOfOneWorker) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a keep");
  const Client others(port);
  EXPECT_EQ(Greeting(others.fd()), workers[0]->id());
  const int own_port = Listen(workers[1], "listen b keep exclusive");
  const Client own(own_port);
  EXPECT_EQ(Greeting(own.fd()), workers[1]->id());
  workers[1]->disconnect(absl::Hours(1));
  workers[0]->disconnect();
  RunUntilDead(workers[0]);
  EXPECT_FALSE(others.IsOpen());
  EXPECT_TRUE(own.IsOpen()) << "its time is its own";
  workers[1]->disconnect(absl::Milliseconds(10));
  RunUntilDead(workers[1]);
  EXPECT_EQ(workers[1]->process().exit_code(), 0);
  EXPECT_FALSE(own.IsOpen());
}

using DisconnectDeadlineTest = ListeningTest;

TEST_F(DisconnectDeadlineTest, WorkerThatDisconnectsItselfMayBeHurried) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep");
  const Client held(port);
  EXPECT_EQ(Greeting(held.fd()), worker->id());
  Tell(worker, "disconnect");
  AwaitRefused(port);
  worker->disconnect(absl::Milliseconds(10));
  RunUntilDead(worker);
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_FALSE(held.IsOpen());
}

TEST_F(DisconnectDeadlineTest, WorkerThatDoesNotEndIsKilled) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a keep");
  const Client held(port);
  EXPECT_EQ(Greeting(held.fd()), worker->id());
  Ask(worker, "block", "blocked");
  worker->disconnect();
  worker->disconnect(absl::Milliseconds(10));
  RunUntilDead(worker);
  EXPECT_EQ(worker->process().signal(), SIGKILL);
}

class KeepPortsTest : public ListeningTest {
 protected:
  KeepPortsTest() : ListeningTest({.keep_ports = true}) {}
};

TEST_F(KeepPortsTest, SuccessorServesWhoCameBetweenTheTwo) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  worker->kill(SIGKILL);
  RunUntilDead(worker);
  const Client between(port);
  EXPECT_TRUE(between.connected());
  const auto successor = Start();
  EXPECT_EQ(Listen(successor, "listen a"), port);
  EXPECT_EQ(Greeting(between.fd()), successor->id());
  // Else the port is kept for another.
  bool ended = false;
  cluster_.disconnect([&] { ended = true; });
  RunUntil([&] { return ended; });
  AwaitRefused(port);
}

TEST_F(KeepPortsTest, WorkerThatLingersKeepsNoPort) {
  const auto worker = Start({.args = {{"linger"}}});
  RunUntil([&] { return !listening_.empty(); });
  const int port = std::atoi(WordOf(listening_[0], 2).c_str());
  worker->disconnect();
  RunUntil([&] { return !worker->is_connected(); });
  EXPECT_FALSE(worker->is_dead());
  EXPECT_TRUE(Client(port).connected()) << "a successor may come";
  cluster_.engine().ForgetKeptPorts();  // as when the time is over
  EXPECT_FALSE(Client(port).connected());
  worker->kill(SIGKILL);
  RunUntilDead(worker);
}

// Nobody can tell it any more; before, the cluster's own drain has no end.
TEST_F(DisconnectDeadlineTest, WorkerThatLingersIsKilledByIt) {
  const auto worker = Start({.args = {{"linger"}}});
  RunUntil([&] { return !listening_.empty(); });
  worker->disconnect();
  RunUntil([&] { return !worker->is_connected(); });
  EXPECT_FALSE(worker->is_dead());
  worker->disconnect(absl::Milliseconds(10));
  RunUntilDead(worker);
  EXPECT_EQ(worker->process().signal(), SIGKILL);
}

using LoopTest = ListeningTest;

TEST_F(LoopTest, A23_TwoClustersServeAtTheSameTime) {
  char program[] = "program";
  char* arguments[] = {program, nullptr};
  Cluster other(1, arguments, {.io = &io_});
  int other_port = 0;
  other.on(events::listening,
           [&](Worker&, const Address& address) { other_port = address.port; });
  // So that the one that serves has another id than the first cluster's.
  const auto idle = other.fork({.settings = Does({"idle"})});
  const auto others = other.fork({.settings = {.args = {{"obey"}},
                                               .stdio = {{Stdio::pipe(),
                                                          Stdio::pipe(),
                                                          Stdio::inherit(),
                                                          Stdio::ipc()}}}});
  others->process().stream(0)->write("listen a\n");
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  RunUntil([&] { return other_port > 0; });
  EXPECT_NE(port, other_port);
  ASSERT_NE(worker->id(), others->id());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ServedBy(port), worker->id());
    EXPECT_EQ(ServedBy(other_port), others->id());
  }
  other.disconnect();
  RunUntil([&] { return other.workers().empty() && others->is_dead(); });
  AwaitRefused(other_port);
  EXPECT_EQ(ServedBy(port), worker->id())
      << "the end of one is not the other's";
  EXPECT_EQ(listening_.size(), 1u) << "nor are its events";
}

}  // namespace
}  // namespace cluster
