#include "scheduler/prequal.h"

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

Completions Finished(uint32_t slot,
                     uint32_t in_flight,
                     int64_t each_ns,
                     int64_t now_ns = 1) {
  return {.key = slot + uint64_t{1},
          .slot = slot,
          .count = 1,
          .total_ns = each_ns,
          .in_flight = in_flight,
          .now_ns = now_ns};
}

TEST(PrequalTest, OfTheColdTheFastestIsPicked) {
  Prequal policy({.q = 1}, 1);
  for (uint32_t slot : {0, 1, 2}) {
    policy.OnCompleted(Finished(slot, 3, slot == 1 ? 1000 : 9000));
  }
  // The first picks learn what load is usual.
  for (int i = 0; i < 100; ++i) PickRow(policy, Loads({4, 4, 4}));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(PickRow(policy, Loads({4, 4, 4})), 1u);
  }
}

TEST(PrequalTest, TheFastestIsPassedOverWhileItIsHot) {
  Prequal policy({}, 1);
  for (uint32_t slot : {0, 1, 2}) {
    policy.OnCompleted(Finished(slot, 3, slot == 1 ? 1000 : 9000));
  }
  for (int i = 0; i < 300; ++i) PickRow(policy, Loads({4, 4, 4}));
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(PickRow(policy, Loads({4, 20, 4})), 1u);
  }
}

// The greater the load, the faster the worker: the pick tells who is hot.
TEST(PrequalTest, HotIsWhatIsAboveTheShareOfTheLoadsSeen) {
  constexpr struct {
    double q;
    size_t picked;
  } kCases[] = {{0, 0}, {0.3, 0}, {0.36, 1}, {0.63, 1}, {0.7, 2}, {1, 2}};
  std::vector<Candidate> rows = Loads({10, 60, 30});
  rows[1].weight = 3;  // 20 by weight
  for (const auto& [q, picked] : kCases) {
    Prequal policy({.q = q}, 1);
    policy.OnCompleted(Finished(0, 9, 9000));
    policy.OnCompleted(Finished(1, 59, 5000));
    policy.OnCompleted(Finished(2, 29, 1000));
    // All three are seen at each pick, and at the first nothing was before.
    PickRow(policy, rows);
    for (int i = 0; i < 300; ++i) {
      ASSERT_EQ(PickRow(policy, rows), picked) << "q " << q << ", pick " << i;
    }
  }
}

TEST(PrequalTest, WhenAllAreHotTheLeastLoadedIsPicked) {
  Prequal policy({}, 1);
  for (uint32_t slot : {0, 1, 2}) {
    policy.OnCompleted(Finished(slot, 3, slot == 1 ? 1000 : 9000));
  }
  for (int i = 0; i < 300; ++i) PickRow(policy, Loads({4, 4, 4}));
  EXPECT_EQ(PickRow(policy, Loads({50, 40, 30})), 2u);
}

TEST(PrequalTest, LatencyIsThatOfTheLoad) {
  Prequal policy({.q = 1}, 1);
  policy.OnCompleted(Finished(0, 0, 1000));
  policy.OnCompleted(Finished(0, 63, 90'000));
  policy.OnCompleted(Finished(1, 0, 5000));
  policy.OnCompleted(Finished(1, 63, 50'000));
  for (int i = 0; i < 300; ++i) PickRow(policy, Loads({64, 64}));
  EXPECT_EQ(PickRow(policy, Loads({1, 1})), 0u);
  EXPECT_EQ(PickRow(policy, Loads({64, 64})), 1u);
}

// What was learnt of three that ran is what is asked for where three will.
TEST(PrequalTest, LatencyIsLookedUpWhereItWasLearnt) {
  Prequal policy({.q = 1}, 1);
  policy.OnCompleted(Finished(0, 1, 9000));
  policy.OnCompleted(Finished(0, 3, 1000));
  policy.OnCompleted(Finished(1, 3, 5000));
  for (int i = 0; i < 300; ++i) PickRow(policy, Loads({3, 3}));
  EXPECT_EQ(PickRow(policy, Loads({3, 3})), 0u);
}

// Slow start makes all weights greater and then less again; who is hot goes by
// shares.
TEST(PrequalTest, WhoIsHotStaysSoWhenAllWeightsChange) {
  for (const bool rises : {true, false}) {
    const uint32_t before = rises ? 1 : 100;
    const uint32_t after = rises ? 100 : 1;
    const auto weighted = [](std::vector<Candidate> rows, uint32_t weight) {
      for (Candidate& row : rows) row.weight = weight;
      return rows;
    };
    Prequal policy({}, 1);
    for (uint32_t slot : {0, 1, 2}) {
      policy.OnCompleted(Finished(slot, 3, slot == 1 ? 1000 : 9000));
    }
    for (int i = 0; i < 300; ++i) {
      PickRow(policy, weighted(Loads({4, 4, 4}), before));
    }
    for (int i = 0; i < 20; ++i) {
      ASSERT_NE(PickRow(policy, weighted(Loads({4, 20, 4}), after)), 1u);
      ASSERT_EQ(PickRow(policy, weighted(Loads({3, 4, 3}), after)), 1u);
    }
  }
}

TEST(PrequalTest, UnknownIsTriedFirstAndOldIsUnknown) {
  constexpr int64_t kTau = 1000;
  Prequal policy({.q = 1, .pool = 16, .tau_ns = kTau}, 1);
  policy.OnCompleted(Finished(0, 0, 500));
  EXPECT_EQ(PickRow(policy, Loads({0, 0}), {.now_ns = 2}), 1u);
  policy.OnCompleted(Finished(1, 0, 400, 20 * kTau));
  EXPECT_EQ(PickRow(policy, Loads({0, 0}), {.now_ns = 20 * kTau}), 0u);
}

// One that died with its connections has a successor that is not unknown.
TEST(PrequalTest, FailureIsNotFast) {
  Prequal policy({.q = 1}, 1);
  for (int i = 0; i < 300; ++i) PickRow(policy, Loads({0, 0}));
  policy.OnCompleted(Finished(1, 0, 1'000'000));
  EXPECT_EQ(PickRow(policy, Loads({0, 0}), {.now_ns = 2}), 0u);
  policy.OnCompleted({.key = 1, .slot = 0, .failed = 3, .now_ns = 2});
  EXPECT_EQ(PickRow(policy, Loads({0, 0}), {.now_ns = 2}), 1u);
}

TEST(PrequalTest, EqualsShareEqually) {
  Prequal policy({}, 2);
  std::vector<int> counts(40);
  const std::vector<Candidate> rows = Loads(std::vector<uint32_t>(40, 2));
  for (int i = 0; i < 80'000; ++i) ++counts[PickRow(policy, rows)];
  for (int count : counts) EXPECT_NEAR(count, 2000, 250);
}

}  // namespace
}  // namespace cluster
