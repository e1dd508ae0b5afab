// What the dispatcher shows and tells policies: weights, limits, keys, and what
// workers have finished.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/control/handoff.h"
#include "core/primary/dispatcher.h"
#include "core/primary/dispatcher_fixture.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

constexpr int64_t kMs = DispatcherFixture::kMs;

PeerAddress Client(uint8_t number) {
  return {.family = CLUSTER_FAMILY_IPV4, .bytes = {10, 0, 0, number}};
}

std::vector<uint32_t> InFlight(DispatcherFixture& fixture) {
  std::vector<uint32_t> counts;
  for (size_t i = 0; i < fixture.slot_count(); ++i) {
    counts.push_back(fixture.slot(i).in_flight());
  }
  return counts;
}

TEST(DispatcherPolicyTest, WeightsAreOfTheSlots) {
  DispatcherFixture fixture(
      3, "smooth_weighted_round_robin", {.weights = {5, 1, 2}});
  fixture.AddAll();
  fixture.Accept(8);
  EXPECT_EQ(InFlight(fixture), (std::vector<uint32_t>{5, 1, 2}));
}

TEST(DispatcherPolicyTest, SlotsWithoutAWeightHaveOne) {
  DispatcherFixture fixture(2, "least_connections", {.weights = {3}});
  fixture.AddAll();
  fixture.Accept(8);
  EXPECT_EQ(InFlight(fixture), (std::vector<uint32_t>{6, 2}));
}

TEST(DispatcherPolicyTest, WorkerAtItsLimitGetsNoMoreAndTheRestWaits) {
  for (const char* policy : {"round_robin", "first", "rendezvous"}) {
    DispatcherFixture fixture(2, policy, {.max_connections = 3});
    fixture.AddAll();
    fixture.Accept(10, 0, Client(1));
    EXPECT_EQ(InFlight(fixture), (std::vector<uint32_t>{3, 3})) << policy;
    EXPECT_EQ(fixture.dispatcher().pending(), 4u);
    fixture.Serve(1);
    fixture.Close(1, 2);
    fixture.Pass(kMs);
    EXPECT_EQ(InFlight(fixture), (std::vector<uint32_t>{3, 3})) << policy;
    EXPECT_EQ(fixture.dispatcher().pending(), 2u);
    EXPECT_EQ(fixture.Imbalance(), 0);
  }
}

TEST(DispatcherPolicyTest, ClientsStayAtTheirWorkersAndSpread) {
  for (const char* policy : {"rendezvous", "maglev", "bounded_load:factor=9"}) {
    DispatcherFixture fixture(4, policy);
    fixture.AddAll();
    std::vector<uint32_t> before = InFlight(fixture);
    int used = 0;
    for (uint8_t client = 0; client < 16; ++client) {
      // Some load for bounded_load to be fair about.
      fixture.Accept(3, 0, Client(client));
      const std::vector<uint32_t> after = InFlight(fixture);
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
  for (uint32_t count : InFlight(fixture)) EXPECT_GT(count, 20u);
}

TEST(DispatcherPolicyTest, RestartedWorkerKeepsItsClients) {
  DispatcherFixture fixture(4, "rendezvous");
  fixture.AddAll();
  fixture.Accept(1, 0, Client(7));
  const std::vector<uint32_t> before = InFlight(fixture);
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
    const std::vector<uint32_t> counts = InFlight(fixture);
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

TEST(DispatcherPolicyTest, NewWorkerIsNotBlamedForTheOldOne) {
  DispatcherFixture fixture(2, "least_work");
  fixture.AddAll();
  ServeUnequally(fixture);
  fixture.Die(0);
  fixture.dispatcher().Add(fixture.slot(0));
  fixture.Accept(20);
  EXPECT_EQ(InFlight(fixture), (std::vector<uint32_t>{10, 10}));
}

// Plugins that report requests: connections say nothing then.
TEST(DispatcherPolicyTest, LeastRequestsCountsWhatRunsAndWhatWaits) {
  DispatcherFixture fixture(2, "least_requests");
  fixture.AddAll();
  fixture.slot(0).page().requests.store(6);
  fixture.Accept(10);
  EXPECT_EQ(InFlight(fixture), (std::vector<uint32_t>{2, 8}));
}

}  // namespace
}  // namespace cluster
