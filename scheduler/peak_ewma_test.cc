#include "scheduler/peak_ewma.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/testing/pick.h"

namespace cluster {
namespace {

// Candidates with these loads, each in the slot of its row.
std::vector<Candidate> Loads(const std::vector<uint32_t>& loads) {
  std::vector<Candidate> rows;
  for (uint32_t load : loads) {
    rows.push_back({.key = rows.size() + 1,
                    .slot = static_cast<uint32_t>(rows.size()),
                    .in_flight = load});
  }
  return rows;
}

constexpr int64_t kSecond = 1'000'000'000;
constexpr double kTau = 10e9;

Completions Finished(uint32_t slot,
                     int64_t each_ns,
                     int64_t now_ns = 1,
                     uint32_t failed = 0) {
  return {.key = slot + uint64_t{1},
          .slot = slot,
          .count = 2,
          .total_ns = 2 * each_ns,
          .failed = failed,
          .now_ns = now_ns};
}

// With two workers both are drawn always, so that the pick is the rule's.
size_t PickAt(PeakEwma& policy,
              const std::vector<uint32_t>& loads,
              int64_t now_ns = 1) {
  return PickRow(policy, Loads(loads), {.now_ns = now_ns});
}

TEST(PeakEwmaTest, ComparesTimeMultipliedByLoad) {
  PeakEwma policy(kTau, 1);
  policy.OnCompleted(Finished(0, 1000));
  policy.OnCompleted(Finished(1, 3000));
  EXPECT_EQ(PickAt(policy, {1, 0}), 0u);  // 2000 and 3000
  EXPECT_EQ(PickAt(policy, {3, 0}), 1u);  // 4000 and 3000
}

TEST(PeakEwmaTest, JumpsToAPeakAndForgetsItSlowly) {
  PeakEwma policy(kTau, 1);
  policy.OnCompleted(Finished(0, 1000, 1));
  policy.OnCompleted(Finished(1, 2000, 1));
  EXPECT_EQ(PickAt(policy, {0, 0}), 0u);
  policy.OnCompleted(Finished(0, 50'000, 2));
  EXPECT_EQ(PickAt(policy, {0, 0}, 2), 1u);
  // One short time after a moment does not undo it.
  policy.OnCompleted(Finished(0, 1000, kSecond));
  policy.OnCompleted(Finished(1, 2000, kSecond));
  EXPECT_EQ(PickAt(policy, {0, 0}, kSecond), 1u);
  // Many over several tau do.
  for (int i = 2; i < 100; ++i) {
    policy.OnCompleted(Finished(0, 1000, i * kSecond));
    policy.OnCompleted(Finished(1, 2000, i * kSecond));
  }
  EXPECT_EQ(PickAt(policy, {0, 0}, 100 * kSecond), 0u);
}

TEST(PeakEwmaTest, SilenceIsForgiven) {
  PeakEwma policy(kTau, 1);
  policy.OnCompleted(Finished(0, 1'000'000, 1));
  policy.OnCompleted(Finished(1, 1000, 50 * kSecond));
  EXPECT_EQ(PickAt(policy, {0, 0}, 50 * kSecond), 1u);
  EXPECT_EQ(PickAt(policy, {0, 20}, 130 * kSecond), 0u);
}

TEST(PeakEwmaTest, UnknownIsFirstWhenIdleAndLastWhenBusy) {
  PeakEwma policy(kTau, 1);
  policy.OnCompleted(Finished(0, 1000));
  EXPECT_EQ(PickAt(policy, {0, 0}), 1u);
  EXPECT_EQ(PickAt(policy, {90, 1}), 0u);
}

TEST(PeakEwmaTest, FastFailureIsNotFast) {
  PeakEwma policy(kTau, 1);
  policy.OnCompleted(Finished(0, 10, 1, /*failed=*/1));
  policy.OnCompleted(Finished(1, kSecond));
  EXPECT_EQ(PickAt(policy, {0, 0}), 1u);
}

TEST(PeakEwmaTest, FailureIsKnownOfAWorkerThatHasFinishedNothing) {
  PeakEwma policy(kTau, 1);
  policy.OnCompleted(Finished(1, kSecond));
  EXPECT_EQ(PickAt(policy, {0, 0}), 0u);
  policy.OnCompleted({.key = 1, .slot = 0, .failed = 3, .now_ns = 1});
  EXPECT_EQ(PickAt(policy, {0, 0}), 1u);
}

TEST(PeakEwmaTest, WeighsTheLoad) {
  for (const uint32_t load : {4, 10}) {
    PeakEwma policy(kTau, 1);
    policy.OnCompleted(Finished(0, 1000));
    policy.OnCompleted(Finished(1, 1000));
    std::vector<Candidate> rows = Loads({2, load});
    rows[1].weight = 4;
    // Of a mean weight of 2.5: loads of 5, and of 2.5 or 6.25.
    EXPECT_EQ(PickRow(policy, rows, {.now_ns = 1}), load == 4 ? 1u : 0u);
  }
}

TEST(PeakEwmaTest, OfIdleWorkersTheFasterIsPickedWhateverItsWeight) {
  PeakEwma policy(kTau, 1);
  policy.OnCompleted(Finished(0, 1000));
  policy.OnCompleted(Finished(1, 3000));
  std::vector<Candidate> rows = Loads({0, 0});
  rows[1].weight = 4;
  EXPECT_EQ(PickRow(policy, rows, {.now_ns = 1}), 0u);
}

TEST(PeakEwmaTest, IdleWorkersThatAreUnknownAreDrawnByWeight) {
  PeakEwma policy(kTau, 1);
  std::vector<Candidate> rows = Loads({0, 0});
  rows[1].weight = 3;
  int heavy = 0;
  for (int i = 0; i < 20'000; ++i) heavy += PickRow(policy, rows) == 1 ? 1 : 0;
  EXPECT_NEAR(heavy, 15'000, 350);
}

}  // namespace
}  // namespace cluster
