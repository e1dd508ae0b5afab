#include "scheduler/round_robin.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/testing/pick.h"

namespace cluster {
namespace {

std::vector<Candidate> WithKeys(const std::vector<uint64_t>& keys) {
  std::vector<Candidate> candidates;
  for (uint64_t key : keys) candidates.push_back({.key = key});
  return candidates;
}

// Returns the key picked among the workers with `keys`.
uint64_t PickKey(RoundRobin& policy, const std::vector<uint64_t>& keys) {
  const std::vector<Candidate> candidates = WithKeys(keys);
  return candidates[PickRow(policy, candidates)].key;
}

TEST(RoundRobinTest, StartsWithTheFirstAndWraps) {
  RoundRobin policy;
  for (int round = 0; round < 3; ++round) {
    for (uint64_t key : {3, 5, 9}) EXPECT_EQ(PickKey(policy, {3, 5, 9}), key);
  }
}

TEST(RoundRobinTest, IgnoresLoadAndWeight) {
  RoundRobin policy;
  const std::vector<Candidate> candidates = {
      {.key = 1, .in_flight = 1000, .weight = 1},
      {.key = 2, .in_flight = 0, .weight = 100}};
  EXPECT_EQ(PickRow(policy, candidates), 0u);
  EXPECT_EQ(PickRow(policy, candidates), 1u);
  EXPECT_EQ(PickRow(policy, candidates), 0u);
}

TEST(RoundRobinTest, NewWorkerGetsItsTurnAfterTheOlderOnes) {
  RoundRobin policy;
  EXPECT_EQ(PickKey(policy, {1, 2}), 1u);
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 2u);
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 3u);
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 1u);
}

TEST(RoundRobinTest, LeaverDoesNotCostItsSuccessorATurn) {
  RoundRobin policy;
  EXPECT_EQ(PickKey(policy, {1, 2, 3, 4}), 1u);
  EXPECT_EQ(PickKey(policy, {1, 2, 3, 4}), 2u);
  EXPECT_EQ(PickKey(policy, {1, 3, 4}), 3u);
  EXPECT_EQ(PickKey(policy, {3, 4}), 4u);
  EXPECT_EQ(PickKey(policy, {3, 4}), 3u);
}

TEST(RoundRobinTest, WorkerThatIsBackForItsTurnHasMissedNothing) {
  RoundRobin policy;
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 1u);
  EXPECT_EQ(PickKey(policy, {1, 2}), 2u);
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 3u);
}

TEST(RoundRobinTest, WorkerThatIsAwayAtItsTurnWaitsForTheNext) {
  RoundRobin policy;
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 1u);
  EXPECT_EQ(PickKey(policy, {1, 3}), 3u);
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 1u);
  EXPECT_EQ(PickKey(policy, {1, 2, 3}), 2u);
}

TEST(RoundRobinTest, EverybodyReplacedStartsWithTheFirstOfTheNew) {
  RoundRobin policy;
  EXPECT_EQ(PickKey(policy, {1, 2}), 1u);
  EXPECT_EQ(PickKey(policy, {7, 8}), 7u);
  EXPECT_EQ(PickKey(policy, {7, 8}), 8u);
}

TEST(RoundRobinTest, GreatestKeyWraps) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  RoundRobin policy;
  EXPECT_EQ(PickKey(policy, {0, kMax}), 0u);
  EXPECT_EQ(PickKey(policy, {0, kMax}), kMax);
  EXPECT_EQ(PickKey(policy, {0, kMax}), 0u);
}

// Against the rule itself, for all subsets of eight workers at every step.
TEST(RoundRobinTest, FollowsTheRuleForEverySubset) {
  RoundRobin policy;
  uint64_t last = 0;
  for (uint32_t step = 0; step < 50'000; ++step) {
    const uint32_t subset = (step * 2654435761u >> 8) % 255 + 1;
    std::vector<uint64_t> keys;
    for (uint64_t key = 1; key <= 8; ++key) {
      if (subset >> (key - 1) & 1) keys.push_back(key);
    }
    uint64_t expected = keys.front();
    for (uint64_t key : keys) {
      if (key <= last) continue;
      expected = key;
      break;
    }
    last = PickKey(policy, keys);
    ASSERT_EQ(last, expected) << "step " << step;
  }
}

}  // namespace
}  // namespace cluster
