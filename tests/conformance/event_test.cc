// Rows B049 to B062: which events come, in which order, and what is true then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

using EventTest = ClusterTest;

TEST_F(EventTest, B049_OneWorkersEventsInTheirOrder) {
  cluster_.on(events::setup,
              [this](const Settings&) { log_.push_back("setup"); });
  LogEvents();
  const auto worker = Fork({"serve"});
  worker->on(events::listening, [&](const Address&) { worker->disconnect(); });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("setup",
                          "fork 1",
                          "online 1",
                          "listening 1",
                          "disconnect 1",
                          "exit 1 0 0"));
}

TEST_F(EventTest, B050_TheWorkersListenersAreCalledFirst) {
  cluster_.on(events::online, [&](Worker&) { log_.push_back("c online"); });
  cluster_.on(events::listening,
              [&](Worker&, const Address&) { log_.push_back("c listening"); });
  cluster_.on(events::disconnect,
              [&](Worker&) { log_.push_back("c disconnect"); });
  cluster_.on(events::exit,
              [&](Worker&, int, int) { log_.push_back("c exit"); });
  const auto worker = Fork({"serve"});
  worker->on(events::online, [&] { log_.push_back("w online"); });
  worker->on(events::listening, [&](const Address&) {
    log_.push_back("w listening");
    worker->kill();
  });
  worker->on(events::disconnect, [&] { log_.push_back("w disconnect"); });
  worker->on(events::exit, [&](int, int) { log_.push_back("w exit"); });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("w online",
                          "c online",
                          "w listening",
                          "c listening",
                          "w disconnect",
                          "c disconnect",
                          "w exit",
                          "c exit"));
}

TEST_F(EventTest, B070_ListeningTellsTheAddress) {
  const auto worker = Fork({"serve"});
  Address address;
  worker->on(events::listening, [&](const Address& told) {
    address = told;
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(address.address, "127.0.0.1");
  EXPECT_EQ(address.type, "tcp4");
  EXPECT_GT(address.port, 0);
  EXPECT_EQ(address.fd, -1);
}

template <typename Event, typename Signature>
constexpr bool kOfCluster = std::is_same_v<OfCluster<Event>, Signature>;
template <typename Event, typename Signature>
constexpr bool kOfWorker = std::is_same_v<OfWorker<Event>, Signature>;

TEST_F(EventTest, B052_WhatListenersAreTold) {
  static_assert(kOfCluster<events::Fork, void(Worker&)>);
  static_assert(kOfCluster<events::Online, void(Worker&)>);
  static_assert(kOfCluster<events::Disconnect, void(Worker&)>);
  static_assert(kOfCluster<events::Listening, void(Worker&, const Address&)>);
  static_assert(kOfCluster<events::Exit, void(Worker&, int, int)>);
  static_assert(kOfCluster<events::Setup, void(const Settings&)>);
  static_assert(kOfWorker<events::Online, void()>);
  static_assert(kOfWorker<events::Disconnect, void()>);
  static_assert(kOfWorker<events::Listening, void(const Address&)>);
  static_assert(kOfWorker<events::Exit, void(int, int)>);
  std::vector<const Worker*> told;
  cluster_.on(events::fork, [&](Worker& w) { told.push_back(&w); });
  cluster_.on(events::online, [&](Worker& w) { told.push_back(&w); });
  cluster_.on(events::listening, [&](Worker& w, const Address&) {
    told.push_back(&w);
    w.disconnect();
  });
  cluster_.on(events::disconnect, [&](Worker& w) { told.push_back(&w); });
  cluster_.on(events::exit, [&](Worker& w, int, int) { told.push_back(&w); });
  const auto worker = Fork({"serve"});
  Run();
  EXPECT_EQ(told, std::vector<const Worker*>(5, worker.get()));
}

// One connection is with the worker, and one is on its way to it.
TEST_F(EventTest, B058_DisconnectAlsoComesWithAConnectionOnItsWay) {
  LogEvents();
  const auto worker = Fork({"block"});
  std::vector<std::unique_ptr<Client>> clients;
  int port = 0;
  worker->on(events::listening, [&](const Address& address) {
    port = address.port;
    clients.push_back(std::make_unique<Client>(port));
  });
  on_printed_ = [&] {
    clients.push_back(std::make_unique<Client>(port));
    worker->kill(SIGKILL);
  };
  Run();
  EXPECT_THAT(
      log_,
      ElementsAre(
          "fork 1", "online 1", "listening 1", "disconnect 1", "exit 1 0 9"));
}

// A process that the worker left behind keeps the channel open.
TEST_F(EventTest, B053_DisconnectFollowsTheExitAndB054_ItIsAMemberUntilThen) {
  LogEvents();
  std::vector<Stdio> stdio = {
      Stdio::pipe(), Stdio::ignore(), Stdio::inherit(), Stdio::ipc()};
  const auto worker = cluster_.fork(
      {.settings = {.args = {{"leave", "child"}}, .stdio = stdio}});
  worker->on(events::exit, [&](int, int) {
    EXPECT_TRUE(IsMember(*worker));
    EXPECT_TRUE(worker->is_connected());
    EXPECT_EQ(worker->state(), WorkerState::kDead);
  });
  worker->on(events::disconnect, [&] {
    EXPECT_FALSE(IsMember(*worker));
    EXPECT_EQ(worker->state(), WorkerState::kDisconnected);
    // It has not waited for the one that was left behind, which has the
    // channel.
    worker->process().stream(0)->end();
  });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "exit 1 0 0", "disconnect 1"));
}

TEST_F(EventTest, B055_MemberAtDisconnectAndNotAtExit) {
  const auto worker = Fork({"exit", "0"});
  worker->on(events::disconnect, [&] {
    EXPECT_TRUE(IsMember(*worker));
    log_.push_back("disconnect");
  });
  worker->on(events::exit, [&](int, int) {
    EXPECT_FALSE(IsMember(*worker));
    log_.push_back("exit");
  });
  Run();
  EXPECT_THAT(log_, ElementsAre("disconnect", "exit"));
}

TEST_F(EventTest, B056_DisconnectInThePrimaryEndsMembershipAtOnce) {
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] {
    EXPECT_TRUE(IsMember(*worker));
    worker->disconnect();
    EXPECT_FALSE(IsMember(*worker));
  });
  Run();
}

// Whatever is done to a worker, and in whichever order.
TEST_F(EventTest, B057_EachEventComesOnce) {
  LogEvents();
  const std::vector<std::vector<std::string>> ways = {
      {"exit", "0"}, {"abort"}, {"idle"}, {"serve"}, {"disconnect"}};
  for (const std::vector<std::string>& way : ways) {
    const auto worker = Fork(way);
    worker->on(events::online, [worker] {
      worker->disconnect();
      worker->kill();
      worker->disconnect();
      worker->kill(SIGKILL);
    });
  }
  Run();
  for (size_t id = 1; id <= ways.size(); ++id) {
    for (const char* event : {"fork ", "online ", "disconnect "}) {
      EXPECT_EQ(std::count(log_.begin(), log_.end(), absl::StrCat(event, id)),
                1)
          << event << id;
    }
    EXPECT_EQ(
        std::count_if(log_.begin(),
                      log_.end(),
                      [&](const std::string& line) {
                        return line.starts_with(absl::StrCat("exit ", id, " "));
                      }),
        1)
        << id;
  }
}

TEST_F(EventTest, B061_StatesOfALife) {
  const auto worker = Fork({"serve"});
  EXPECT_EQ(worker->state(), WorkerState::kNone);
  worker->on(events::online,
             [&] { EXPECT_EQ(worker->state(), WorkerState::kOnline); });
  worker->on(events::listening, [&](const Address&) {
    EXPECT_EQ(worker->state(), WorkerState::kListening);
    worker->kill();
  });
  worker->on(events::disconnect,
             [&] { EXPECT_EQ(worker->state(), WorkerState::kDisconnected); });
  Run();
  EXPECT_EQ(worker->state(), WorkerState::kDead);
}

TEST_F(EventTest, B061_StatesAsTheWorkerKnowsThemAndB249_ItNeverSaysDead) {
  Fork({"states"});
  Run();
  EXPECT_EQ(Printed(1), "online listening listening disconnected ");
}

TEST_F(EventTest, B062_CrashIsNoErrorEvent) {
  LogEvents();
  Fork({"abort"});
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 6"));
}

// What a listener throws comes out of run(), and is no reason to lose others.
TEST_F(EventTest, ThrowingListenersLoseNoEvent) {
  const auto worker = Fork({"serve"});
  const auto fail = [] { throw std::runtime_error("listener"); };
  cluster_.on(events::fork, [&](Worker&) { fail(); });
  worker->on(events::online, fail);
  worker->on(events::listening, [&](const Address&) { fail(); });
  worker->on(events::disconnect, fail);
  worker->on(events::exit, [&](int, int) { fail(); });
  cluster_.on(events::exit, [&](Worker&, int, int) { fail(); });
  LogEvents();
  worker->on(events::listening, [&](const Address&) { worker->disconnect(); });
  int thrown = 0;
  for (bool ended = false; !ended;) {
    try {
      Run();
      ended = true;
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_EQ(thrown, 6);
  EXPECT_THAT(
      log_,
      ElementsAre(
          "fork 1", "online 1", "listening 1", "disconnect 1", "exit 1 0 0"));
}

TEST_F(EventTest, ListenersThatHoldTheirWorkerLetItGo) {
  std::weak_ptr<Worker> watched;
  {
    const auto worker = Fork({"exit", "0"});
    worker->on(events::exit, [worker](int, int) {});
    watched = worker;
  }
  Run();
  EXPECT_TRUE(watched.expired());
}

// The rest is of the emitter itself: core/cluster/emitter_test.cc.
TEST_F(EventTest, OnceAndOff) {
  int once = 0;
  int removed = 0;
  cluster_.once(events::exit, [&](Worker&, int, int) { ++once; });
  EXPECT_TRUE(cluster_.off(
      cluster_.on(events::exit, [&](Worker&, int, int) { ++removed; })));
  Fork({"exit", "0"});
  const auto worker = Fork({"exit", "0"});
  EXPECT_TRUE(
      worker->off(worker->on(events::exit, [&](int, int) { ++removed; })));
  EXPECT_FALSE(worker->off(0));
  Run();
  EXPECT_EQ(once, 1);
  EXPECT_EQ(removed, 0);
}

}  // namespace
}  // namespace cluster
