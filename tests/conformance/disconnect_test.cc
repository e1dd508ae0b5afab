// Rows B213 to B234 and B089, B090: ending in an orderly way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using DisconnectTest = ClusterTest;

TEST_F(DisconnectTest, B213_InThePrimaryItCountsAtOnce) {
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] {
    EXPECT_EQ(&worker->disconnect(), worker.get());
    EXPECT_EQ(worker->exited_after_disconnect(), true);
    EXPECT_FALSE(IsMember(*worker));
    EXPECT_TRUE(worker->is_connected()) << "until the worker is done";
  });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
}

TEST_F(DisconnectTest, B090_PortOfTheLastWorkerIsRefusedAtOnce) {
  const auto worker = Fork({"hold"});
  std::unique_ptr<Client> held;
  bool disconnected = false;
  worker->on(events::listening, [&](const Address& address) {
    held = std::make_unique<Client>(address.port);
    ASSERT_TRUE(held->connected());
    worker->disconnect();
    EXPECT_FALSE(Client(address.port).connected());
    // Not before it has ended, though.
    held->Close();
  });
  worker->on(events::disconnect, [&] { disconnected = true; });
  Run();
  EXPECT_TRUE(disconnected);
}

TEST_F(DisconnectTest, B089_PortIsRefusedWhenTheLastWorkerHasDied) {
  const auto worker = Fork({"serve"});
  int port = 0;
  worker->on(events::listening, [&](const Address& address) {
    port = address.port;
    worker->kill(SIGKILL);
  });
  worker->on(events::disconnect,
             [&] { EXPECT_FALSE(Client(port).connected()); });
  Run();
  EXPECT_GT(port, 0);
}

TEST_F(DisconnectTest, B232_WhoNeverListenedLeavesTheOthersPortAlone) {
  const auto serves = Fork({"serve"});
  const auto idles = Fork({"idle"});
  int port = 0;
  int online = 0;
  const auto disconnect_one = [&] {
    if (port > 0 && online == 2) idles->disconnect();
  };
  cluster_.on(events::online, [&](Worker&) {
    ++online;
    disconnect_one();
  });
  serves->on(events::listening, [&](const Address& address) {
    port = address.port;
    disconnect_one();
  });
  bool exited = false;
  idles->on(events::exit, [&](int, int) {
    exited = true;
    EXPECT_TRUE(Client(port).connected());
    cluster_.disconnect();
  });
  Run();
  EXPECT_TRUE(exited);
}

TEST_F(DisconnectTest, B215_Again) {
  LogEvents();
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] {
    worker->disconnect();
    worker->disconnect();
  });
  worker->on(events::disconnect, [&] { worker->disconnect(); });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 0"));
}

TEST_F(DisconnectTest, B215_WhenItIsDead) {
  LogEvents();
  const auto worker = Fork({"exit", "0"});
  Run();
  EXPECT_EQ(worker->exited_after_disconnect(), false);
  worker->disconnect();
  worker->disconnect();
  EXPECT_EQ(worker->exited_after_disconnect(), true);
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 0"));
}

TEST_F(DisconnectTest, B216_RightAfterTheFork) {
  LogEvents();
  Fork({"serve"})->disconnect();
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 0"));
}

TEST_F(DisconnectTest, B217_TheWorkersOwn) {
  const auto worker = Fork({"disconnect"});
  worker->on(events::disconnect, [&] {
    EXPECT_EQ(worker->exited_after_disconnect(), true);
    EXPECT_TRUE(IsMember(*worker));
  });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_EQ(Printed(1), "disconnected") << "its own event, once";
}

TEST_F(DisconnectTest, B217_ItsOwnWaitsForOpenConnections) {
  const auto worker = ForkAgent("hold");
  std::unique_ptr<Client> held;
  worker->on(events::listening, [&](const Address& address) {
    held = std::make_unique<Client>(address.port);
  });
  // The first answer may come before it says that it wants to end; the primary
  // has heard that before the second; so it was told to before the third.
  int answers = 0;
  const std::function<void(Reply&)> ask_on = [&](Reply& reply) {
    ASSERT_TRUE(reply.ok()) << reply.status;
    EXPECT_TRUE(held->IsOpen());
    if (++answers == 3) return held->Close();
    worker->request("?", absl::Seconds(20), ask_on);
  };
  worker->on(events::message, [&](const Message& message, Handle&) {
    EXPECT_EQ(TextOf(message), "held");
    worker->send("disconnect");
    worker->request("?", absl::Seconds(20), ask_on);
  });
  Run();
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(worker->process().exit_code(), 0);
}

TEST_F(DisconnectTest, B222_OpenConnectionHoldsItUp) {
  const auto worker = ForkAgent("hold");
  std::unique_ptr<Client> held;
  worker->on(events::listening, [&](const Address& address) {
    held = std::make_unique<Client>(address.port);
  });
  bool answered = false;
  worker->on(events::message, [&](const Message& message, Handle&) {
    EXPECT_EQ(TextOf(message), "held");
    worker->disconnect();
    // The answer comes from one that was told to end before it was asked.
    worker->request("?", absl::Seconds(20), [&](Reply& reply) {
      answered = reply.ok();
      EXPECT_TRUE(held->IsOpen());
      worker->kill(SIGKILL);
    });
  });
  Run();
  EXPECT_TRUE(answered);
  EXPECT_EQ(worker->process().signal(), SIGKILL) << "and nothing else ended it";
  EXPECT_EQ(worker->exited_after_disconnect(), true);
}

TEST_F(DisconnectTest, B226_ChannelThatIsClosedEndsTheWorker) {
  const auto worker = Fork({"serve"});
  worker->on(events::listening,
             [&](const Address&) { worker->process().disconnect(); });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_EQ(worker->exited_after_disconnect(), false);
}

TEST_F(DisconnectTest, B227_AllWorkersAndNewOnesAfterwards) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 4; ++i) Fork({"serve"});
    int listening = 0;
    const ListenerId id =
        cluster_.on(events::listening, [&](Worker&, const Address&) {
          if (++listening == 4) cluster_.disconnect();
        });
    Run();
    cluster_.off(id);
    EXPECT_EQ(listening, 4);
  }
}

TEST_F(DisconnectTest, B228_WithoutWorkersItIsDoneInALaterTurn) {
  bool done = false;
  cluster_.disconnect([&] { done = true; });
  EXPECT_FALSE(done);
  Run();
  EXPECT_TRUE(done);
}

TEST_F(DisconnectTest, B229_DoneWhenTheLastWorkerIsGone) {
  int exits = 0;
  int exits_when_done = -1;
  cluster_.on(events::exit, [&](Worker&, int, int) { ++exits; });
  for (int i = 0; i < 3; ++i) Fork({"idle"});
  int online = 0;
  cluster_.on(events::online, [&](Worker&) {
    if (++online < 3) return;
    cluster_.disconnect([&] { exits_when_done = exits; });
  });
  Run();
  EXPECT_EQ(exits_when_done, 3);
}

TEST_F(DisconnectTest, B230_WhoLeavesAlreadyIsWaitedFor) {
  bool exited = false;
  bool exited_when_done = false;
  const auto worker = Fork({"idle"});
  worker->on(events::exit, [&](int, int) { exited = true; });
  worker->on(events::online, [&] {
    worker->disconnect();
    cluster_.disconnect([&] { exited_when_done = exited; });
  });
  Run();
  EXPECT_TRUE(exited_when_done);
}

TEST_F(DisconnectTest, B231_EveryCallIsAnsweredOnce) {
  std::vector<int> done;
  Fork({"idle"});
  for (int i = 0; i < 3; ++i)
    cluster_.disconnect([&, i] { done.push_back(i); });
  EXPECT_THAT(done, IsEmpty());
  Run();
  EXPECT_THAT(done, ElementsAre(0, 1, 2));
  // And not again when the next last worker is gone.
  Fork({"exit", "0"});
  Run();
  EXPECT_THAT(done, ElementsAre(0, 1, 2));
}

TEST_F(DisconnectTest, B233_NothingListensAfterTheLastWorker) {
  for (int i = 0; i < 3; ++i) Fork({i == 0 ? "serve" : "disconnect"});
  const auto listening_sockets = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) {
      int accepts = 0;
      socklen_t size = sizeof(accepts);
      getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size);
      count += accepts;
    }
    return count;
  };
  int before = 0;
  cluster_.on(events::listening, [&](Worker& worker, const Address&) {
    before = std::max(before, listening_sockets());
    worker.disconnect();
  });
  Run();
  EXPECT_EQ(before, 1);
  EXPECT_EQ(listening_sockets(), 0);
}

TEST_F(DisconnectTest, B234_ManyAtOnceAllEndWell) {
  LogEvents();
  for (int i = 0; i < 12; ++i) Fork({i % 2 == 0 ? "serve" : "disconnect"});
  int listening = 0;
  cluster_.on(events::listening, [&](Worker& worker, const Address&) {
    ++listening;
    worker.disconnect();
  });
  cluster_.on(events::exit, [&](Worker&, int code, int signal) {
    EXPECT_EQ(code, 0);
    EXPECT_EQ(signal, 0);
  });
  Run();
  EXPECT_EQ(listening, 12);
}

}  // namespace
}  // namespace cluster
