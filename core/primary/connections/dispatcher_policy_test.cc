// What the dispatcher shows and tells policies: weights, limits, keys, and what
// workers have finished.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/control/socket_address.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/testing/dispatcher_fixture.h"
#include "plugins/abi/cluster_plugin.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

constexpr int64_t kMs = DispatcherFixture::kMs;

SocketAddress Client(uint8_t number) {
  return {.family = CLUSTER_FAMILY_IPV4, .bytes = {10, 0, 0, number}};
}

TEST(DispatcherPolicyTest, WeightsAreOfTheSlots) {
  DispatcherFixture fixture(
      3, "smooth_weighted_round_robin", {.weights = {5, 1, 2}});
  fixture.AddAll();
  fixture.Accept(8);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{5, 1, 2}));
}

TEST(DispatcherPolicyTest, SlotsWithoutAWeightHaveOne) {
  DispatcherFixture fixture(2, "least_connections", {.weights = {3}});
  fixture.AddAll();
  fixture.Accept(8);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{6, 2}));
}

TEST(DispatcherPolicyTest, WorkerAtItsLimitGetsNoMoreAndTheRestWaits) {
  for (const char* policy : {"round_robin", "first", "rendezvous"}) {
    DispatcherFixture fixture(2, policy, {.max_connections = {3, 3}});
    fixture.AddAll();
    fixture.Accept(10, 0, Client(1));
    EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{3, 3})) << policy;
    EXPECT_EQ(fixture.dispatcher().pending(), 4u);
    fixture.Serve(1);
    fixture.Close(1, 2);
    fixture.Pass(kMs);
    EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{3, 3})) << policy;
    EXPECT_EQ(fixture.dispatcher().pending(), 2u);
    EXPECT_EQ(fixture.Imbalance(), 0);
  }
}

TEST(DispatcherPolicyTest, EachWorkerHasItsOwnLimit) {
  DispatcherFixture fixture(3, "round_robin", {.max_connections = {3, 1}});
  fixture.AddAll();
  fixture.Accept(20);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{3, 1, 16}));
}

TEST(DispatcherPolicyTest, ClientsStayAtTheirWorkersAndSpread) {
  for (const char* policy : {"rendezvous", "maglev", "bounded_load:factor=9"}) {
    DispatcherFixture fixture(4, policy);
    fixture.AddAll();
    std::vector<uint32_t> before = fixture.InFlight();
    int used = 0;
    for (uint8_t client = 0; client < 16; ++client) {
      // Some load for bounded_load to be fair about.
      fixture.Accept(3, 0, Client(client));
      const std::vector<uint32_t> after = fixture.InFlight();
      int moved = 0;
      for (size_t i = 0; i < 4; ++i) moved += after[i] != before[i] ? 1 : 0;
      EXPECT_EQ(moved, 1) << policy << " client " << int{client};
      before = after;
    }
    for (uint32_t count : before) used += count > 0 ? 1 : 0;
    EXPECT_GE(used, 3) << policy;
  }
}

// A Unix client has no address: such arrivals are spread.
TEST(DispatcherPolicyTest, ClientsWithoutAnAddressAreSpread) {
  DispatcherFixture fixture(4, "rendezvous");
  fixture.AddAll();
  fixture.Accept(200, 0, {.family = CLUSTER_FAMILY_UNIX});
  for (uint32_t count : fixture.InFlight()) EXPECT_GT(count, 20u);
}

TEST(DispatcherPolicyTest, RestartedWorkerKeepsItsClients) {
  DispatcherFixture fixture(4, "rendezvous");
  fixture.AddAll();
  fixture.Accept(1, 0, Client(7));
  const std::vector<uint32_t> before = fixture.InFlight();
  const size_t home = std::ranges::find(before, 1u) - before.begin();
  fixture.Serve(home);
  fixture.Die(home);
  EXPECT_EQ(fixture.slot(home).in_flight(), 0u);
  fixture.Accept(1, 0, Client(7));  // elsewhere, while it is away
  EXPECT_EQ(fixture.slot(home).in_flight(), 0u);
  fixture.dispatcher().Add(fixture.slot(home));
  fixture.Accept(1, 0, Client(7));
  EXPECT_EQ(fixture.slot(home).in_flight(), 1u);
}

// Slot 0 takes 50 ms a connection and slot 1 takes 1 ms, at equal loads.
void ServeUnequally(DispatcherFixture& fixture) {
  for (int i = 0; i < 20; ++i) {
    fixture.Accept(4);
    for (const size_t slot : {0, 1}) {
      fixture.Serve(slot);
      fixture.Close(slot, SIZE_MAX, 0, slot == 0 ? 50 * kMs : kMs);
    }
    fixture.Pass(kMs);
  }
}

TEST(DispatcherPolicyTest, LearningPoliciesHearHowLongConnectionsTook) {
  for (const char* policy : {"least_work", "peak_ewma"}) {
    DispatcherFixture fixture(2, policy);
    fixture.AddAll();
    ServeUnequally(fixture);
    // One each, so that nobody is idle.
    fixture.Accept(20);
    const std::vector<uint32_t> counts = fixture.InFlight();
    EXPECT_LT(counts[0], 5u) << policy;
    EXPECT_GT(counts[1], 15u) << policy;
  }
}

// It goes by latency only while loads are usual, so one at a time.
TEST(DispatcherPolicyTest, PrequalHearsHowLongConnectionsTook) {
  DispatcherFixture fixture(2, "prequal");
  fixture.AddAll();
  ServeUnequally(fixture);
  const uint64_t before = fixture.slot(1).assigned();
  for (int i = 0; i < 20; ++i) {
    fixture.Accept(1);
    fixture.Serve(1);
    fixture.Close(1, SIZE_MAX, 0, kMs);
    fixture.Pass(kMs);
  }
  EXPECT_EQ(fixture.slot(1).assigned() - before, 20u);
}

// It dies of each connection, has finished none, and is idle: a fast one, if
// nobody tells the policy.
TEST(DispatcherPolicyTest, WorkerThatDiesOfConnectionsIsNotTakenForAFastOne) {
  for (const char* policy : {"peak_ewma", "prequal"}) {
    DispatcherFixture fixture(2, policy);
    fixture.AddAll();
    for (int i = 0; i < 100; ++i) {
      fixture.Accept(1);
      fixture.Serve(0);
      fixture.Close(0, SIZE_MAX, 0, kMs);
      if (!fixture.Serve(1).empty()) {
        fixture.Die(1);
        fixture.dispatcher().Add(fixture.slot(1));
      }
      fixture.Pass(kMs);
    }
    EXPECT_GE(fixture.ledger().lost(), 1u) << policy;
    EXPECT_LE(fixture.ledger().lost(), 2u) << policy;
  }
}

// Single connections of 1 ms; returns how many of them each of two slots got.
std::vector<uint64_t> OneByOne(DispatcherFixture& fixture, int connections) {
  std::vector<uint64_t> before;
  for (const size_t slot : {0, 1}) {
    before.push_back(fixture.slot(slot).assigned());
  }
  for (int i = 0; i < connections; ++i) {
    fixture.Accept(1);
    for (const size_t slot : {0, 1}) {
      fixture.Serve(slot);
      fixture.Close(slot, SIZE_MAX, 0, kMs);
    }
    fixture.Pass(kMs);
  }
  return {fixture.slot(0).assigned() - before[0],
          fixture.slot(1).assigned() - before[1]};
}

// An hour ago, under a policy that learns nothing, one worker died of its
// connections, or took a second for each of them.
TEST(DispatcherPolicyTest, PolicyThatComesLaterIsNotToldOfWhatWasBefore) {
  for (const char* policy : {"peak_ewma", "prequal"}) {
    for (const bool died : {true, false}) {
      DispatcherFixture fixture(2);
      fixture.AddAll();
      fixture.Accept(10);
      for (const size_t slot : {0, 1}) fixture.Serve(slot);
      fixture.Close(0, SIZE_MAX, 0, kMs);
      if (died) {
        fixture.Die(1);
        fixture.dispatcher().Add(fixture.slot(1));
      } else {
        fixture.Close(1, SIZE_MAX, 0, 1000 * kMs);
      }
      fixture.Pass(3'600'000 * kMs);
      fixture.dispatcher().SetPolicy(*MakePolicy(policy, 1));
      const std::vector<uint64_t> counts = OneByOne(fixture, 20);
      EXPECT_GE(counts[0], 5u) << policy << died;
      EXPECT_GE(counts[1], 5u) << policy << died;
    }
  }
}

// What nobody was told of a worker when there was no other to follow it.
TEST(DispatcherPolicyTest, NorOfAWorkerThatHadNoSuccessorYet) {
  for (const bool ejects : {false, true}) {
    DispatchOptions options;
    if (ejects) options.ejection.consecutive = 100;
    DispatcherFixture fixture(2, "round_robin", options);
    fixture.AddAll();
    fixture.Accept(10);
    for (const size_t slot : {0, 1}) fixture.Serve(slot);
    fixture.Close(0, SIZE_MAX, 0, kMs);
    fixture.Die(1);
    fixture.dispatcher().SetPolicy(*MakePolicy("peak_ewma", 1));
    fixture.dispatcher().Add(fixture.slot(1));
    EXPECT_GE(OneByOne(fixture, 20)[1], 5u) << ejects;
  }
}

TEST(DispatcherPolicyTest, NewWorkerIsNotBlamedForTheOldOne) {
  DispatcherFixture fixture(2, "least_work");
  fixture.AddAll();
  ServeUnequally(fixture);
  fixture.Die(0);
  fixture.dispatcher().Add(fixture.slot(0));
  fixture.Accept(20);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{10, 10}));
}

// A worker that dies of every connection is idle, and would get them all.
TEST(DispatcherPolicyTest, WorkerThatDiesOfConnectionsIsEjected) {
  DispatcherFixture fixture(
      4, "least_connections", {.ejection = {.consecutive = 3}});
  fixture.AddAll();
  fixture.Accept(12);
  for (size_t slot = 0; slot < 4; ++slot) fixture.Serve(slot);
  fixture.Die(2);
  fixture.dispatcher().Add(fixture.slot(2));
  fixture.Accept(9);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{6, 6, 0, 6}));
  for (const size_t slot : {0, 1, 3}) fixture.Serve(slot);
  fixture.Pass(30'000 * kMs);
  fixture.Accept(1);
  EXPECT_EQ(fixture.slot(2).in_flight(), 1u);
}

// Its slot has a past elsewhere; here it has failed nobody.
TEST(DispatcherPolicyTest, NewListenerEjectsNobodyForWhatWasBefore) {
  DispatcherFixture fixture(
      2, "round_robin", {.ejection = {.consecutive = 3}}, /*listeners=*/2);
  for (size_t slot : {0, 1}) fixture.dispatcher(0).Add(fixture.slot(slot));
  fixture.Accept(20);
  for (const size_t slot : {0, 1}) fixture.Serve(slot);
  fixture.Die(1);
  EXPECT_EQ(fixture.slot(1).lost(), 10u);
  for (size_t slot : {0, 1}) fixture.dispatcher(1).Add(fixture.slot(slot));
  fixture.Accept(10, /*listener=*/1);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{15, 5}));
}

// What is too much for the sound one waits; the one that fails gets none of it.
TEST(DispatcherPolicyTest, WhatIsTooMuchDoesNotGoToWhoIsEjected) {
  DispatcherFixture fixture(
      2,
      "least_connections",
      {.max_connections = {3, 3}, .ejection = {.consecutive = 1}});
  fixture.AddAll();
  fixture.Accept(2);
  for (const size_t slot : {0, 1}) fixture.Serve(slot);
  fixture.Die(1);
  fixture.dispatcher().Add(fixture.slot(1));
  fixture.Accept(7);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{3, 0}));
  EXPECT_EQ(fixture.dispatcher().pending(), 5u);
}

// All fail: somebody has to serve.
TEST(DispatcherPolicyTest, NobodyIsEjectedWhenTooManyWouldBe) {
  DispatcherFixture fixture(
      2, "round_robin", {.ejection = {.consecutive = 1, .most_percent = 100}});
  fixture.AddAll();
  fixture.Accept(4);
  for (const size_t slot : {0, 1}) fixture.Serve(slot);
  for (const size_t slot : {0, 1}) {
    fixture.Die(slot);
    fixture.dispatcher().Add(fixture.slot(slot));
  }
  fixture.Accept(4);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{2, 2}));
}

TEST(DispatcherPolicyTest, WorkerThatStandsStillIsEjected) {
  DispatcherFixture fixture(4, "round_robin", {.ejection = {.consecutive = 2}});
  fixture.AddAll();
  fixture.Accept(8);
  for (const size_t slot : {0, 1, 3}) fixture.Serve(slot);
  fixture.Pass(21 * kMs);  // slot 2 has started none: taken back
  EXPECT_EQ(fixture.slot(2).in_flight(), 0u);
  fixture.slot(2).ShowsLife();
  fixture.Accept(9);
  EXPECT_EQ(fixture.slot(2).in_flight(), 0u);
}

// Plugins that report requests: connections say nothing then.
TEST(DispatcherPolicyTest, LeastRequestsCountsWhatRunsAndWhatWaits) {
  DispatcherFixture fixture(2, "least_requests");
  fixture.AddAll();
  fixture.slot(0).page().requests.store(6);
  fixture.Accept(10);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{2, 8}));
}

}  // namespace
}  // namespace cluster
