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
#include "scheduler/testing/pick.h"

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

// The longest run of one worker among `picks` of these.
int LongestRun(SmoothWeightedRoundRobin& policy,
               const std::vector<Candidate>& rows,
               int picks) {
  CandidateTable table = TableOf(rows);
  int longest = 0;
  int run = 0;
  size_t last = rows.size();
  for (int i = 0; i < picks; ++i) {
    const size_t row = policy.Pick({}, table.view());
    run = row == last ? run + 1 : 1;
    last = row;
    longest = std::max(longest, run);
  }
  return longest;
}

void Pick(SmoothWeightedRoundRobin& policy,
          const std::vector<uint32_t>& weights,
          int picks) {
  CandidateTable table = TableOf(WithWeights(weights));
  for (int i = 0; i < picks; ++i) policy.Pick({}, table.view());
}

// Slow start multiplies weights by up to 100, and an operator sets any: no
// credit of the old ones is paid back in a row.
TEST(SmoothWeightedRoundRobinTest, ChangedWeightsMakeNoBurst) {
  const std::vector<std::vector<uint32_t>> kBefore = {
      {100, 90}, {100, 10}, {65'536, 1}, {65'536, 65'536}, {1, 1}, {1, 65'536}};
  for (const std::vector<uint32_t>& before : kBefore) {
    for (int picks = 0; picks < 300; ++picks) {
      SmoothWeightedRoundRobin policy;
      Pick(policy, before, picks);
      ASSERT_LE(LongestRun(policy, WithWeights({1, 1}), 100), 2)
          << before[0] << "/" << before[1] << ", " << picks << " picks";
    }
  }
  SmoothWeightedRoundRobin policy;
  Pick(policy, {65'536, 65'536}, 1);
  Pick(policy, {1, 65'536}, 40'000);
  EXPECT_LE(LongestRun(policy, WithWeights({1, 1}), 100), 2);
}

TEST(SmoothWeightedRoundRobinTest, SharesAreExactSoonAfterWeightsChange) {
  SmoothWeightedRoundRobin policy;
  Pick(policy, {1, 65'536}, 40'000);
  const std::vector<Candidate> rows = WithWeights({3, 1});
  int first = 0;
  for (int i = 0; i < 400; ++i) first += PickRow(policy, rows) == 0 ? 1 : 0;
  EXPECT_NEAR(first, 300, 2);
}

// It takes along what it owes; the others owe it nothing meanwhile.
TEST(SmoothWeightedRoundRobinTest, HeavyWorkerThatLeavesMakesNoBurst) {
  const std::vector<Candidate> all = WithWeights({60'000, 1, 1});
  const std::vector<Candidate> two = {all[1], all[2]};
  for (const int picks : {1, 10'000, 29'000, 31'000}) {
    SmoothWeightedRoundRobin policy;
    Pick(policy, {60'000, 1, 1}, picks);
    ASSERT_LE(LongestRun(policy, two, 100), 3) << picks;
  }
}

// Whoever is due next leaves, until one is left, and all come back.
TEST(SmoothWeightedRoundRobinTest, ThoseWhoLeaveWithCreditLeaveNoGreatDebt) {
  constexpr size_t kWorkers = 1000;
  const std::vector<Candidate> all =
      WithWeights(std::vector<uint32_t>(kWorkers, 1));
  SmoothWeightedRoundRobin policy;
  for (int round = 0; round < 3; ++round) {
    std::vector<Candidate> left = all;
    while (left.size() > 1) {
      PickRow(policy, left);
      const size_t row = PickRow(policy, left);
      left.erase(left.begin() + (row + 1) % left.size());
    }
    for (int i = 0; i < 10; ++i) PickRow(policy, left);
    std::vector<int> counts(kWorkers);
    for (size_t i = 0; i < 10 * kWorkers; ++i) ++counts[PickRow(policy, all)];
    for (const int count : counts) ASSERT_NEAR(count, 10, 4);
  }
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
