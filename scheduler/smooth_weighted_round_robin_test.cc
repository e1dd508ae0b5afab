#include "scheduler/smooth_weighted_round_robin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"
#include "scheduler/testing_pick.h"

namespace cluster {
namespace {

std::vector<Candidate> WithWeights(const std::vector<uint32_t>& weights) {
  std::vector<Candidate> rows;
  for (uint32_t weight : weights) {
    rows.push_back({.key = rows.size() + 1,
                    .slot = static_cast<uint32_t>(rows.size()),
                    .weight = weight});
  }
  return rows;
}

std::string Order(const std::vector<uint32_t>& weights, int picks) {
  SmoothWeightedRoundRobin policy;
  std::string order;
  for (int i = 0; i < picks; ++i) {
    order += static_cast<char>('a' + PickRow(policy, WithWeights(weights)));
  }
  return order;
}

TEST(SmoothWeightedRoundRobinTest, FollowsThePublishedOrder) {
  EXPECT_EQ(Order({5, 1, 1}, 14), "aabacaaaabacaa");
  EXPECT_EQ(Order({1, 1, 1}, 6), "abcabc");
  EXPECT_EQ(Order({3, 1}, 8), "aabaaaba");
}

// The greatest distance of a worker from its share, in picks, over three
// rounds; after each round it must be none.
double GreatestDistance(const std::vector<uint32_t>& weights) {
  const uint32_t total = std::accumulate(weights.begin(), weights.end(), 0u);
  const std::vector<Candidate> rows = WithWeights(weights);
  CandidateTable table = TableOf(rows);
  SmoothWeightedRoundRobin policy;
  std::vector<uint32_t> counts(weights.size());
  double greatest = 0;
  for (uint32_t pick = 1; pick <= 3 * total; ++pick) {
    ++counts[policy.Pick({}, table.view())];
    for (size_t i = 0; i < counts.size(); ++i) {
      const double share = double(pick) * weights[i] / total;
      greatest = std::max(greatest, std::abs(counts[i] - share));
      if (pick % total == 0) EXPECT_EQ(counts[i], pick / total * weights[i]);
    }
  }
  return greatest;
}

TEST(SmoothWeightedRoundRobinTest, IsExactOverARoundAndNearOnTheWay) {
  SplitMix64 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<uint32_t> weights(random.Below(12) + 1);
    for (uint32_t& weight : weights) {
      weight = static_cast<uint32_t>(random.Below(30) + 1);
    }
    ASSERT_LT(GreatestDistance(weights), 1.5);
  }
}

// One pick is not the bound; the header says this number.
TEST(SmoothWeightedRoundRobinTest, MayBeMoreThanOnePickAway) {
  EXPECT_NEAR(
      GreatestDistance({23, 23, 23, 23, 1, 1, 5, 5, 1, 1, 1, 5}), 1.35, 0.005);
}

TEST(SmoothWeightedRoundRobinTest, AWorkerThatComesBackHasNoBurst) {
  SmoothWeightedRoundRobin policy;
  const std::vector<Candidate> all = WithWeights({1, 1, 1});
  const std::vector<Candidate> two = {all[0], all[1]};
  for (int i = 0; i < 1000; ++i) PickRow(policy, two);
  int third = 0;
  for (int i = 0; i < 9; ++i) third += PickRow(policy, all) == 2 ? 1 : 0;
  EXPECT_EQ(third, 3);
}

// Credit sums to zero whatever dies, comes and goes: no share drifts.
TEST(SmoothWeightedRoundRobinTest, StaysExactThroughChurn) {
  SplitMix64 random(2);
  SmoothWeightedRoundRobin policy;
  std::vector<Candidate> all = WithWeights({5, 3, 2, 2});
  uint64_t next_key = 5;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Candidate> some;
    for (Candidate& each : all) {
      if (random.Below(50) == 0) each.key = next_key++;
      if (random.Below(4) != 0) some.push_back(each);
    }
    if (some.empty()) continue;
    std::ranges::sort(some, {}, &Candidate::key);
    PickRow(policy, some);
  }
  std::ranges::sort(all, {}, &Candidate::key);
  std::vector<int> counts(4);
  for (int i = 0; i < 12'000; ++i) ++counts[all[PickRow(policy, all)].slot];
  EXPECT_NEAR(counts[0], 5000, 20);
  EXPECT_NEAR(counts[1], 3000, 20);
  EXPECT_NEAR(counts[2], 2000, 20);
}

}  // namespace
}  // namespace cluster
