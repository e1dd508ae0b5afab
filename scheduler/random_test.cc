#include "scheduler/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/testing/pick.h"

namespace cluster {
namespace {

TEST(RandomTest, IsUniformWhateverTheLoad) {
  constexpr int kPicks = 500'000;
  const std::vector<Candidate> candidates = {{.key = 1, .in_flight = 900},
                                             {.key = 2},
                                             {.key = 3},
                                             {.key = 4},
                                             {.key = 5}};
  Random policy(11);
  std::vector<int> counts(candidates.size());
  for (int i = 0; i < kPicks; ++i) ++counts[PickRow(policy, candidates)];
  for (int count : counts) EXPECT_NEAR(count, kPicks / 5, 1500);
}

TEST(RandomTest, FollowsWeightsExactly) {
  constexpr int kPicks = 600'000;
  const std::vector<uint32_t> weights = {1, 3, 0x10000, 0x8000, 2, 0x7ffa};
  std::vector<Candidate> candidates;
  uint64_t total = 0;
  for (uint32_t weight : weights) {
    candidates.push_back({.key = candidates.size() + 1, .weight = weight});
    total += weight;
  }
  CandidateTable table = TableOf(candidates);
  Random policy(12);
  std::vector<int> counts(weights.size());
  for (int i = 0; i < kPicks; ++i) ++counts[policy.Pick({}, table.view())];
  for (size_t i = 0; i < weights.size(); ++i) {
    const double share = double(kPicks) * weights[i] / total;
    EXPECT_NEAR(counts[i], share, 4 * std::sqrt(share) + 4) << i;
  }
}

TEST(RandomTest, OtherSeedGivesOtherPicks) {
  const std::vector<Candidate> candidates(100);
  Random one(1);
  Random two(2);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    equal += PickRow(one, candidates) == PickRow(two, candidates) ? 1 : 0;
  }
  EXPECT_LT(equal, 50);
}

}  // namespace
}  // namespace cluster
