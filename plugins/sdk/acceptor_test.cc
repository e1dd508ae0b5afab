#include "plugins/sdk/acceptor.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "plugins/sdk/worker.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace cluster {
namespace {

// Takes listener 0 over in start if it is set take=yes, two at a time, and
// keeps what it gets until it stops.
class Taker : public sdk::Worker {
 public:
  using Worker::Worker;

  sdk::Status OnStart() override {
    newest = this;
    if (!host().Config("take")) return {};
    auto pollable = acceptor().TakeOver(0);
    if (!pollable.ok()) return pollable.status();
    auto watch = host().StartWatch(
        *pollable, CLUSTER_READABLE, [this](uint32_t) { Take(); });
    if (!watch.ok()) return watch.status();
    watch_ = *std::move(watch);
    return {};
  }
  void OnConnection(sdk::Connection connection) override {
    ++given;
    kept_.push_back(std::move(connection));
  }
  void OnStop() override {
    watch_.Stop();
    kept_.clear();
  }

  sdk::Acceptor acceptor() const { return sdk::Acceptor(host()); }

  static inline Taker* newest = nullptr;
  size_t given = 0;
  size_t takes = 0;

 private:
  void Take() {
    auto taken = acceptor().Take(0, 2, [this](sdk::Connection connection) {
      EXPECT_GE(connection.fd(), 0);
      kept_.push_back(std::move(connection));
    });
    ASSERT_TRUE(taken.ok());
    EXPECT_LE(*taken, 2u);
    ++takes;
  }

  sdk::Watch watch_;
  std::vector<sdk::Connection> kept_;
};

class SdkAcceptorTest : public testing::Test {
 protected:
  SdkAcceptorTest() { host_.listeners().AddStream(); }

  void OnLoop(const std::function<void(Taker&)>& task) {
    host_.OnLoop([&] { task(*Taker::newest); });
  }

  FakeHost host_;
};

TEST_F(SdkAcceptorTest, TakesWhatCameAndIsNotGivenIt) {
  host_.config["take"] = "yes";
  host_.Run(sdk::kTable<Taker>, [&] {
    std::vector<Client> clients;
    for (int i = 0; i < 5; ++i) clients.emplace_back(host_.Connect());
    EXPECT_TRUE(host_.WaitForOpen(5));
    OnLoop([](Taker& taker) {
      EXPECT_EQ(taker.given, 0u);
      EXPECT_GE(taker.takes, 3u);
    });
    EXPECT_EQ(host_.acceptor().waiting(), 0u);
  });
  EXPECT_EQ(host_.open(), 0u);
  EXPECT_EQ(host_.misreported(), 0u);
}

TEST_F(SdkAcceptorTest, PausedListenerKeepsThemUntilItResumes) {
  for (const bool takes : {false, true}) {
    FakeHost host;
    host.listeners().AddStream();
    if (takes) host.config["take"] = "yes";
    host.Run(sdk::kTable<Taker>, [&] {
      host.OnLoop([] { EXPECT_TRUE(Taker::newest->acceptor().Pause(0).ok()); });
      const Client one(host.Connect());
      const Client two(host.Connect());
      host.OnLoop([] {});
      EXPECT_EQ(host.open(), 0u);
      host.OnLoop(
          [] { EXPECT_TRUE(Taker::newest->acceptor().Resume(0).ok()); });
      EXPECT_TRUE(host.WaitForOpen(2));
    });
    EXPECT_EQ(host.open(), 0u);
  }
}

TEST_F(SdkAcceptorTest, WhatIsNotTakenAtTheEndIsClosed) {
  std::optional<Client> late;
  host_.Run(sdk::kTable<Taker>, [&] {
    OnLoop(
        [](Taker& taker) { EXPECT_TRUE(taker.acceptor().TakeOver(0).ok()); });
    late.emplace(host_.Connect());
  });
  EXPECT_EQ(host_.open(), 0u);
  EXPECT_EQ(late->ReadToEnd(), "");
}

TEST_F(SdkAcceptorTest, WhatIsTakenWithOneThatThrowsIsClosed) {
  host_.Run(sdk::kTable<Taker>, [&] {
    OnLoop(
        [](Taker& taker) { EXPECT_TRUE(taker.acceptor().TakeOver(0).ok()); });
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back(host_.Connect());
    OnLoop([](Taker& taker) {
      const auto throws = [](sdk::Connection) { throw std::bad_alloc(); };
      EXPECT_THROW(static_cast<void>(taker.acceptor().Take(0, 3, throws)),
                   std::bad_alloc);
    });
    EXPECT_EQ(host_.open(), 0u);
    for (Client& client : clients) EXPECT_EQ(client.ReadToEnd(), "");
  });
  EXPECT_EQ(host_.misreported(), 0u);
}

// The host's take, of which each call but the first fails.
int takes_of_flaky = 0;
cluster_status (*take_of_host)(const cluster_host*,
                               uint32_t,
                               cluster_connection*,
                               uint64_t,
                               uint64_t*) = nullptr;
cluster_status FlakyTake(const cluster_host* host,
                         uint32_t listener,
                         cluster_connection* connections,
                         uint64_t capacity,
                         uint64_t* taken) {
  if (++takes_of_flaky > 1) return CLUSTER_E_SYSTEM;
  return take_of_host(host, listener, connections, capacity, taken);
}

TEST_F(SdkAcceptorTest, FailureAfterSomeWereGivenDoesNotHideThem) {
  host_.Run(sdk::kTable<Taker>, [&] {
    OnLoop(
        [](Taker& taker) { EXPECT_TRUE(taker.acceptor().TakeOver(0).ok()); });
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(host_.Connect());
    host_.OnLoop([&] {
      sdk::Services services = sdk::Services::Of(host_.host());
      take_of_host = std::exchange(services.acceptor.take, &FlakyTake);
      const sdk::Acceptor acceptor{sdk::Host(services)};
      size_t given = 0;
      const auto count = [&given](sdk::Connection) { ++given; };
      auto taken = acceptor.Take(0, 20, count);
      ASSERT_TRUE(taken.ok());
      EXPECT_EQ(*taken, given);
      EXPECT_GT(given, 0u);
      EXPECT_EQ(acceptor.Take(0, 20, count).status().code(), CLUSTER_E_SYSTEM);
    });
  });
  EXPECT_EQ(host_.open(), 0u);
}

TEST_F(SdkAcceptorTest, RefusesWhatAHostRefuses) {
  host_.listeners().AddDatagram();
  host_.Run(sdk::kTable<Taker>, [&] {
    OnLoop([](Taker& taker) {
      const sdk::Acceptor acceptor = taker.acceptor();
      const auto never = [](sdk::Connection) { FAIL(); };
      EXPECT_EQ(acceptor.Take(0, 1, never).status().code(), CLUSTER_E_STATE);
      EXPECT_EQ(acceptor.TakeOver(1).status().code(), CLUSTER_E_INVALID);
      EXPECT_EQ(acceptor.TakeOver(2).status().code(), CLUSTER_E_INVALID);
      EXPECT_EQ(acceptor.Pause(1).code(), CLUSTER_E_INVALID);
      EXPECT_TRUE(acceptor.TakeOver(0).ok());
      EXPECT_EQ(acceptor.TakeOver(0).status().code(), CLUSTER_E_STATE);
      auto none = acceptor.Take(0, 1, never);
      EXPECT_EQ(*none, 0u);
    });
  });
}

}  // namespace
}  // namespace cluster
