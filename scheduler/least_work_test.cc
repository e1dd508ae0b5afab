#include "scheduler/least_work.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"
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

Completions Finished(uint32_t slot, uint32_t count, int64_t each_ns) {
  return {.key = slot + uint64_t{1},
          .slot = slot,
          .count = count,
          .total_ns = count * each_ns,
          .now_ns = 1};
}

TEST(LeastWorkTest, MultipliesLoadByTime) {
  LeastWork policy(10e9, 1);
  policy.OnCompleted(Finished(0, 5, 1'000'000));
  policy.OnCompleted(Finished(1, 100, 10'000'000));
  EXPECT_EQ(PickRow(policy, Loads({9, 1})), 0u);
  EXPECT_EQ(PickRow(policy, Loads({11, 1})), 1u);
}

TEST(LeastWorkTest, WeighsWork) {
  LeastWork policy(10e9, 1);
  std::vector<Candidate> rows = Loads({5, 2});
  rows[0].weight = 3;
  EXPECT_EQ(PickRow(policy, rows), 0u);
}

TEST(LeastWorkTest, UnknownCountsAsTheMeanOfTheKnown) {
  LeastWork policy(10e9, 1);
  EXPECT_EQ(PickRow(policy, Loads({3, 2, 4})), 1u);
  policy.OnCompleted(Finished(0, 1, 1000));
  policy.OnCompleted(Finished(1, 1, 3000));
  // The third counts as 2000.
  EXPECT_EQ(PickRow(policy, Loads({5, 2, 2})), 2u);
  EXPECT_EQ(PickRow(policy, Loads({3, 2, 2})), 0u);
}

TEST(LeastWorkTest, OldTimesFade) {
  LeastWork policy(/*tau_ns=*/1000, 1);
  policy.OnCompleted(Finished(1, 1, 500));
  policy.OnCompleted(Finished(0, 1000, 9000));
  Completions fast = Finished(0, 1, 10);
  fast.now_ns = 100'000;
  policy.OnCompleted(fast);
  EXPECT_EQ(PickRow(policy, Loads({2, 1})), 0u);
}

TEST(LeastWorkTest, SuccessorOfASlowWorkerBeginsAnew) {
  LeastWork policy(10e9, 1);
  policy.OnCompleted(Finished(0, 1, 1'000'000));
  policy.OnCompleted(Finished(1, 1, 1000));
  std::vector<Candidate> rows = Loads({1, 3});
  EXPECT_EQ(PickRow(policy, rows), 1u);
  std::swap(rows[0], rows[1]);
  rows[1].key = 7;  // in slot 0
  EXPECT_EQ(PickRow(policy, rows), 1u);
}

// As one that sees new candidates each time, who finds all anew.
TEST(LeastWorkTest, WhatIsLearntBetweenPicksCountsAtOnce) {
  LeastWork policy(10e9, 1);
  LeastWork anew(10e9, 1);
  std::vector<Candidate> rows = Loads({6, 6, 7});
  std::swap(rows[0], rows[2]);
  CandidateTable table;
  for (const Candidate& row : rows) table.Add(row);
  std::vector<int> picked(rows.size());
  SplitMix64 random(1);
  for (int i = 0; i < 300; ++i) {
    const Completions report =
        Finished(static_cast<uint32_t>(random.Below(3)),
                 static_cast<uint32_t>(random.Below(1000)),
                 static_cast<int64_t>(random.Below(10'000)));
    policy.OnCompleted(report);
    anew.OnCompleted(report);
    const size_t row = policy.Pick({}, table.view());
    EXPECT_EQ(row, PickRow(anew, rows));
    ++picked[row];
  }
  for (const int times : picked) EXPECT_GT(times, 0);
}

TEST(LeastWorkTest, KnownWorkIsComparedAsItIs) {
  LeastWork policy(10e9, 1);
  policy.OnCompleted(Finished(0, 1, 1));
  CandidateTable table = TableOf(Loads({0, 9, 9, 0}));
  Candidates view = table.view();
  const std::vector<int64_t> work = {int64_t{1} << 60,
                                     (int64_t{1} << 60) - 1,
                                     (int64_t{1} << 60) - 1,
                                     INT64_MAX};
  view.work_ns = work;
  std::vector<int> counts(4);
  for (int i = 0; i < 10'000; ++i) ++counts[policy.Pick({}, view)];
  EXPECT_EQ(counts[0] + counts[3], 0);
  EXPECT_NEAR(counts[1], 5000, 300);
}

}  // namespace
}  // namespace cluster
