#include "scheduler/rendezvous.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/testing/keys.h"

namespace cluster {
namespace {

constexpr int kKeys = 40'000;

const std::vector<uint32_t> kWeighted = {3, 1, 65'536, 20'000, 1, 40'000, 7};

TEST(RendezvousTest, RemovingAWorkerMovesExactlyItsKeys) {
  for (const auto& weights :
       {EqualWeights(2), EqualWeights(8), EqualWeights(33), kWeighted}) {
    Rendezvous policy(1);
    const std::vector<uint32_t> before =
        SlotsOf(policy, Workers(weights), kKeys);
    for (size_t gone = 0; gone < weights.size(); gone += 2) {
      const std::vector<uint32_t> after =
          SlotsOf(policy, Workers(weights, gone), kKeys);
      for (int i = 0; i < kKeys; ++i) {
        if (before[i] != gone) ASSERT_EQ(after[i], before[i]) << i;
      }
    }
  }
}

TEST(RendezvousTest, SharesKeysEqually) {
  Rendezvous policy(2);
  std::vector<int> counts(8);
  for (uint32_t slot : SlotsOf(policy, Workers(EqualWeights(8)), kKeys)) {
    ++counts[slot];
  }
  // Five standard deviations.
  for (int count : counts) EXPECT_NEAR(count, kKeys / 8, 330);
}

TEST(RendezvousTest, SharesKeysByWeight) {
  const std::vector<uint32_t> weights = {3, 1, 10, 2, 100, 4, 60};
  const double total = 180;
  Rendezvous policy(3);
  std::vector<int> counts(weights.size());
  for (uint32_t slot : SlotsOf(policy, Workers(weights), 10 * kKeys)) {
    ++counts[slot];
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    const double share = 10 * kKeys * weights[i] / total;
    EXPECT_NEAR(counts[i], share, 5 * std::sqrt(share)) << i;
  }
}

// What a worker that is gone leaves is spread as its keys were.
TEST(RendezvousTest, OrphansSpreadEqually) {
  Rendezvous policy(4);
  const auto before = SlotsOf(policy, Workers(EqualWeights(8)), kKeys);
  const auto after = SlotsOf(policy, Workers(EqualWeights(8), 3), kKeys);
  std::vector<int> counts(8);
  for (int i = 0; i < kKeys; ++i) {
    if (before[i] == 3) ++counts[after[i]];
  }
  for (size_t slot = 0; slot < 8; ++slot) {
    if (slot != 3) EXPECT_NEAR(counts[slot], kKeys / 8.0 / 7, 135) << slot;
  }
}

TEST(RendezvousTest, GreaterWeightOnlyAttracts) {
  Rendezvous policy(5);
  std::vector<uint32_t> weights = {2, 2, 2, 5};
  const auto before = SlotsOf(policy, Workers(weights), kKeys);
  weights[1] = 3;
  const auto after = SlotsOf(policy, Workers(weights), kKeys);
  for (int i = 0; i < kKeys; ++i) {
    if (after[i] != before[i]) ASSERT_EQ(after[i], 1u);
  }
}

TEST(RendezvousTest, LoadChangesNothingAndSeedsEverything) {
  Rendezvous one(7);
  Rendezvous two(8);
  CandidateTable loaded = Workers(EqualWeights(4));
  for (int i = 0; i < 1000; ++i) loaded.Place(2);
  const auto slots = SlotsOf(one, Workers(EqualWeights(4)), kKeys);
  EXPECT_EQ(SlotsOf(one, loaded, kKeys), slots);
  const auto others = SlotsOf(two, Workers(EqualWeights(4)), kKeys);
  int same = 0;
  for (int i = 0; i < kKeys; ++i) same += slots[i] == others[i] ? 1 : 0;
  EXPECT_NEAR(same, kKeys / 4, 450);
}

}  // namespace
}  // namespace cluster
