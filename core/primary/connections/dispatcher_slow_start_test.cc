// How a worker's share rises after it began to listen.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/testing/dispatcher_fixture.h"
#include "scheduler/registry.h"
#include "scheduler/split_mix64.h"

namespace cluster {
namespace {

constexpr int64_t kMs = DispatcherFixture::kMs;

// All but one that packs.
std::vector<std::string> PoliciesThatSpread() {
  std::vector<std::string> names;
  for (const absl::string_view name : PolicyNames()) {
    if (name != "first") names.emplace_back(name);
  }
  return names;
}

// All but the last of `slots` have long started, and that one is where it has
// `percent` of its share for the next hundred seconds.
std::unique_ptr<DispatcherFixture> WithAStarter(const std::string& policy,
                                                size_t slots,
                                                int percent) {
  auto fixture = std::make_unique<DispatcherFixture>(
      slots, policy, DispatchOptions{.slow_start_ns = 1'000'000 * kMs});
  for (size_t slot = 0; slot < slots; ++slot) {
    if (slot == slots - 1) fixture->Pass(1'000'000 * kMs);
    fixture->dispatcher().Add(fixture->slot(slot));
    fixture->Pass(0);
  }
  fixture->Pass((percent - 10) * 10'000 * kMs);
  return fixture;
}

// Connections of 1 ms that come one by one to two workers, half way through the
// slow start of the second.
TEST(DispatcherSlowStartTest, StarterGetsPartOfItsShareOfAQuietHost) {
  for (const std::string& policy : PoliciesThatSpread()) {
    const auto fixture = WithAStarter(policy, 2, 50);
    for (int i = 0; i < 600; ++i) {
      fixture->Accept(1);
      for (const size_t slot : {0, 1}) {
        fixture->Serve(slot);
        fixture->Close(slot, SIZE_MAX, 0, kMs);
      }
      fixture->Pass(kMs);
    }
    const uint64_t count = fixture->slot(1).assigned();
    EXPECT_EQ(count + fixture->slot(0).assigned(), 600u) << policy;
    // Half of what the other gets: 200; where rounds are thinned out, half of
    // the rounds have it, and it half of those.
    EXPECT_GT(count, 110u) << policy;
    EXPECT_LT(count, 245u) << policy;
  }
}

// Eight workers have 160 connections, of which any one ends, 1 ms after the one
// before, and another comes: in how few rounds it is seen does not keep a
// starter from much then.
TEST(DispatcherSlowStartTest, StarterGetsPartOfItsShareOfABusyHost) {
  constexpr size_t kSlots = 8;
  for (const std::string& policy : PoliciesThatSpread()) {
    const auto fixture = WithAStarter(policy, kSlots, 10);
    SplitMix64 random(1);
    double starters = 0;  // connections, summed over the rounds that count
    for (int i = 0; i < 160 + 2000; ++i) {
      fixture->Accept(1);
      for (size_t slot = 0; slot < kSlots; ++slot) fixture->Serve(slot);
      if (i < 160) continue;
      uint64_t ends = random.Below(160);
      const std::vector<uint32_t> loads = fixture->InFlight();
      size_t slot = 0;
      for (; ends >= loads[slot]; ++slot) ends -= loads[slot];
      fixture->Close(slot, 1, 0, kMs);
      fixture->Pass(kMs);
      if (i >= 160 + 1000) starters += loads[kSlots - 1];
    }
    // A full share is 20.
    EXPECT_LT(starters / 1000, 7) << policy;
    EXPECT_GT(starters, 0) << policy;
  }
}

// Slow start makes weights greater: a cap is of the shares that were set.
TEST(DispatcherSlowStartTest, FirstKeepsItsCapDuringSlowStart) {
  DispatcherFixture fixture(
      3, "first:cap=10", {.weights = {1, 2}, .slow_start_ns = 1000 * kMs});
  for (const size_t slot : {0, 1}) fixture.dispatcher().Add(fixture.slot(slot));
  fixture.Pass(0);
  fixture.Pass(2000 * kMs);
  fixture.dispatcher().Add(fixture.slot(2));
  fixture.Pass(0);
  fixture.Pass(450 * kMs);
  fixture.Accept(35);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{10, 20, 5}));
  for (const size_t slot : {0, 1, 2}) fixture.Serve(slot);
  fixture.Pass(550 * kMs);
  fixture.Accept(5);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{10, 20, 10}));
}

// The longest run of one of two slots among connections that come one by one
// and end at once, 1 ms apart.
int LongestRun(DispatcherFixture& fixture, int connections) {
  int longest = 0;
  int run = 0;
  bool last_was_first = false;
  for (int i = 0; i < connections; ++i) {
    const uint64_t before = fixture.slot(0).assigned();
    fixture.Accept(1);
    const bool first = fixture.slot(0).assigned() > before;
    run = first == last_was_first ? run + 1 : 1;
    last_was_first = first;
    longest = std::max(longest, run);
    for (size_t slot = 0; slot < fixture.slot_count(); ++slot) {
      fixture.Serve(slot);
      fixture.Close(slot);
    }
    fixture.Pass(kMs);
  }
  return longest;
}

TEST(DispatcherSlowStartTest, NeitherSlowStartNorNewWeightsMakeABurst) {
  DispatcherFixture fixture(
      2, "smooth_weighted_round_robin", {.slow_start_ns = 1000 * kMs});
  fixture.dispatcher().Add(fixture.slot(0));
  fixture.Pass(0);
  fixture.Pass(2000 * kMs);
  fixture.dispatcher().Add(fixture.slot(1));
  EXPECT_LE(LongestRun(fixture, 890), 11) << "ten to one at first";
  EXPECT_LE(LongestRun(fixture, 300), 2) << "and equal in the end";
  for (const uint32_t weight : {65'536, 1}) {
    for (const size_t slot : {0, 1}) {
      fixture.dispatcher().SetWeight(slot, weight);
      EXPECT_LE(LongestRun(fixture, 51), slot == 0 ? 51 : 2);
    }
  }
}

// Nothing happened for long before it began to listen: its time begins when the
// dispatcher next looks at the clock.
TEST(DispatcherSlowStartTest, SlowStartOfAQuietHostBeginsWithTheWorker) {
  DispatcherFixture fixture(
      2, "smooth_weighted_round_robin", {.slow_start_ns = 5000 * kMs});
  fixture.dispatcher().Add(fixture.slot(0));
  fixture.Pass(10'000 * kMs);
  fixture.Pass(10'000 * kMs);
  fixture.dispatcher().Add(fixture.slot(1));
  fixture.Pass(10'000 * kMs);
  fixture.Accept(11);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{10, 1}));
}

TEST(DispatcherSlowStartTest, AfterSlowStartSharesAreEqual) {
  DispatcherFixture fixture(2, "round_robin", {.slow_start_ns = 1000 * kMs});
  fixture.AddAll();
  fixture.Pass(0);
  fixture.Pass(1000 * kMs);
  fixture.Accept(10);
  EXPECT_EQ(fixture.InFlight(), (std::vector<uint32_t>{5, 5}));
}

}  // namespace
}  // namespace cluster
