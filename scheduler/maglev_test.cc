#include "scheduler/maglev.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/testing/keys.h"

namespace cluster {
namespace {

constexpr int kKeys = 40'000;
constexpr uint32_t kTable = 65'537;

// A key for each place of the table, nearly: shares of many keys are shares of
// places.
TEST(MaglevTest, SharesAreNearlyEqual) {
  for (size_t n : {2u, 8u, 64u, 500u}) {
    Maglev policy(kTable, 1);
    std::vector<int> counts(n);
    constexpr int kMany = 2'000'000;
    for (uint32_t slot : SlotsOf(policy, Workers(EqualWeights(n)), kMany)) {
      ++counts[slot];
    }
    // The paper: a place more or less; the rest is the spread of the keys.
    const double share = double(kMany) / n;
    for (int count : counts) {
      EXPECT_NEAR(count, share, share * n / kTable + 5 * std::sqrt(share)) << n;
    }
  }
}

TEST(MaglevTest, SharesAreByWeight) {
  const std::vector<uint32_t> weights = {3, 1, 10, 2};
  Maglev policy(kTable, 2);
  std::vector<int> counts(4);
  for (uint32_t slot : SlotsOf(policy, Workers(weights), 400'000)) {
    ++counts[slot];
  }
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(counts[i], 25'000.0 * weights[i], 2'000) << i;
  }
}

// A slot that is due rarely has a turn when it is, and no work before.
TEST(MaglevTest, SharesAreByWeightWhereOneHasNearlyAll) {
  constexpr size_t kWorkers = 1024;
  constexpr int kLarge = 655'373;
  std::vector<uint32_t> weights = EqualWeights(kWorkers);
  weights[7] = 65'536;
  Maglev policy(kLarge, 6);
  std::vector<int> counts(kWorkers);
  constexpr int kMany = 2'000'000;
  for (uint32_t slot : SlotsOf(policy, Workers(weights), kMany)) {
    ++counts[slot];
  }
  const double total = 65'536 + kWorkers - 1;
  EXPECT_NEAR(counts[7], 65'536.0 * kMany / total, 2'000);
  // Ten places each, or one more or less, and 30 keys.
  for (size_t slot = 0; slot < kWorkers; ++slot) {
    if (slot != 7) EXPECT_NEAR(counts[slot], kMany / total, 35) << slot;
  }
}

TEST(MaglevTest, RemovingAWorkerMovesOnlyItsKeysAndTheyComeBack) {
  Maglev policy(kTable, 3);
  const auto before = SlotsOf(policy, Workers(EqualWeights(8)), kKeys);
  const auto after = SlotsOf(policy, Workers(EqualWeights(8), 3), kKeys);
  std::vector<int> orphans(8);
  for (int i = 0; i < kKeys; ++i) {
    if (before[i] != 3) {
      ASSERT_EQ(after[i], before[i]);
    } else {
      ++orphans[after[i]];
    }
  }
  EXPECT_EQ(orphans[3], 0);
  for (size_t slot = 0; slot < 8; ++slot) {
    if (slot != 3) EXPECT_NEAR(orphans[slot], kKeys / 8.0 / 7, 150);
  }
  EXPECT_EQ(SlotsOf(policy, Workers(EqualWeights(8)), kKeys), before);
}

// Few are left of many: keys find them though nearly every place is of others.
TEST(MaglevTest, FindsTheFewThatAreLeft) {
  Maglev policy(kTable, 4);
  SlotsOf(policy, Workers(EqualWeights(1000)), 1);
  CandidateTable two;
  two.Add({.key = 5, .slot = 4});
  two.Add({.key = 900, .slot = 899});
  int first = 0;
  for (uint32_t slot : SlotsOf(policy, two, kKeys)) first += slot == 4 ? 1 : 0;
  EXPECT_NEAR(first, kKeys / 2, 600);
}

TEST(MaglevTest, NewWorkerMovesFewKeysMoreThanItTakes) {
  Maglev policy(kTable, 5);
  const auto before = SlotsOf(policy, Workers(EqualWeights(8)), kKeys);
  const auto after = SlotsOf(policy, Workers(EqualWeights(9)), kKeys);
  int taken = 0;
  int moved = 0;
  for (int i = 0; i < kKeys; ++i) {
    taken += after[i] == 8 ? 1 : 0;
    moved += after[i] != before[i] ? 1 : 0;
  }
  EXPECT_NEAR(taken, kKeys / 9, 400);
  EXPECT_GE(moved, taken);
  EXPECT_LT(moved, 3 * taken);
}

}  // namespace
}  // namespace cluster
