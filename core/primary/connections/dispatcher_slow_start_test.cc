// How a worker's share rises after it began to listen.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/primary/connections/dispatcher.h"
#include "core/primary/testing/dispatcher_fixture.h"

namespace cluster {
namespace {

constexpr int64_t kMs = DispatcherFixture::kMs;

// Connections that each of two slots got of 200 rounds, each of which ends at
// once, half way through the slow start of slot 1.
std::vector<uint64_t> DuringSlowStart(const char* policy) {
  DispatcherFixture fixture(2, policy, {.slow_start_ns = 1000 * kMs});
  fixture.dispatcher().Add(fixture.slot(0));
  fixture.Pass(0);
  fixture.Pass(2000 * kMs);
  fixture.dispatcher().Add(fixture.slot(1));
  fixture.Pass(0);
  fixture.Pass(450 * kMs);
  for (int i = 0; i < 200; ++i) {
    fixture.Accept(3);
    for (const size_t slot : {0, 1}) {
      fixture.Serve(slot);
      fixture.Close(slot);
    }
    fixture.Pass(0);
  }
  return {fixture.slot(0).assigned(), fixture.slot(1).assigned()};
}

TEST(DispatcherSlowStartTest, StarterGetsPartOfItsShare) {
  for (const char* policy :
       {"smooth_weighted_round_robin", "random", "round_robin"}) {
    const std::vector<uint64_t> counts = DuringSlowStart(policy);
    EXPECT_EQ(counts[0] + counts[1], 600u) << policy;
    // Half of what the other gets: 200; where rounds are thinned out, half of
    // the rounds have it.
    EXPECT_GT(counts[1], 110u) << policy;
    EXPECT_LT(counts[1], 245u) << policy;
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
