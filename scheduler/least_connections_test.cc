#include "scheduler/least_connections.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"
#include "scheduler/testing/pick.h"

namespace cluster {
namespace {

constexpr uint32_t kMaxInFlight = std::numeric_limits<uint32_t>::max();

std::vector<Candidate> WithLoads(const std::vector<uint32_t>& loads) {
  std::vector<Candidate> candidates;
  for (uint32_t load : loads) {
    candidates.push_back({.key = candidates.size() + 1, .in_flight = load});
  }
  return candidates;
}

// Candidates with `max_load` and `max_weight` as bounds, by `random`.
std::vector<Candidate> Draw(SplitMix64& random,
                            size_t n,
                            uint64_t max_load,
                            uint64_t max_weight) {
  std::vector<Candidate> candidates(n);
  for (size_t i = 0; i < n; ++i) {
    candidates[i] = {
        .key = i + 1,
        .in_flight = static_cast<uint32_t>(random.Below(max_load + 1)),
        .weight = static_cast<uint32_t>(random.Below(max_weight) + 1)};
  }
  return candidates;
}

// True if `a` has less load for its weight, in 128 bits.
bool Less(const Candidate& a, const Candidate& b) {
  using Wide = unsigned __int128;
  return Wide{a.in_flight} * b.weight < Wide{b.in_flight} * a.weight;
}

TEST(LeastConnectionsTest, PicksTheLeastLoaded) {
  LeastConnections policy(1);
  EXPECT_EQ(PickRow(policy, WithLoads({5, 3, 4})), 1u);
  EXPECT_EQ(PickRow(policy, WithLoads({5, 3, 2})), 2u);
  EXPECT_EQ(PickRow(policy, WithLoads({1, 3, 2})), 0u);
}

TEST(LeastConnectionsTest, FindsTheLeastAtEveryPlace) {
  LeastConnections policy(1);
  for (size_t n = 1; n <= 70; ++n) {
    std::vector<Candidate> candidates =
        WithLoads(std::vector<uint32_t>(n, 1000));
    for (size_t place = 0; place < n; ++place) {
      candidates[place].in_flight = 999;
      ASSERT_EQ(PickRow(policy, candidates), place) << n;
      candidates[place].in_flight = 1000;
    }
  }
}

TEST(LeastConnectionsTest, WeighsLoads) {
  LeastConnections policy(1);
  const std::vector<Candidate> candidates = {
      {.key = 1, .in_flight = 2, .weight = 1},
      {.key = 2, .in_flight = 5, .weight = 3},
      {.key = 3, .in_flight = 7, .weight = 4}};
  EXPECT_EQ(PickRow(policy, candidates), 1u);
}

TEST(LeastConnectionsTest, ComparesTheGreatestNumbersExactly) {
  LeastConnections policy(1);
  const std::vector<Candidate> candidates = {
      {.key = 1, .in_flight = kMaxInFlight, .weight = kMaxWeight},
      {.key = 2, .in_flight = kMaxInFlight - 1, .weight = kMaxWeight},
      {.key = 3, .in_flight = kMaxInFlight, .weight = kMaxWeight - 1}};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(PickRow(policy, candidates), 1u);
}

TEST(LeastConnectionsTest, AlwaysPicksAMinimum) {
  SplitMix64 random(3);
  LeastConnections policy(4);
  for (int round = 0; round < 20'000; ++round) {
    const std::vector<Candidate> candidates =
        Draw(random,
             random.Below(100) + 1,
             round % 2 == 0 ? 5 : kMaxInFlight,
             round % 3 == 0 ? 1 : kMaxWeight);
    const Candidate& picked = candidates[PickRow(policy, candidates)];
    for (const Candidate& other : candidates) {
      ASSERT_FALSE(Less(other, picked)) << "round " << round;
    }
  }
}

// Ties spread over several blocks, unevenly, with better and worse between.
TEST(LeastConnectionsTest, BreaksTiesByWeight) {
  constexpr int kPicks = 400'000;
  std::vector<Candidate> candidates = WithLoads(std::vector<uint32_t>(77, 9));
  candidates[0].in_flight = 4;
  const std::vector<size_t> ties = {5, 16, 17, 18, 31, 63, 64, 76};
  double total = 0;
  for (size_t tie : ties) {
    candidates[tie].in_flight = static_cast<uint32_t>(tie % 5 + 1);
    candidates[tie].weight = static_cast<uint32_t>(tie % 5 + 1);
    total += candidates[tie].weight;
  }
  LeastConnections policy(5);
  std::vector<int> counts(candidates.size());
  for (int i = 0; i < kPicks; ++i) ++counts[PickRow(policy, candidates)];
  for (size_t i = 0; i < counts.size(); ++i) {
    const bool tied = std::find(ties.begin(), ties.end(), i) != ties.end();
    if (tied) {
      EXPECT_NEAR(counts[i], kPicks * candidates[i].weight / total, 1200) << i;
    } else {
      EXPECT_EQ(counts[i], 0) << i;
    }
  }
}

TEST(LeastConnectionsTest, SpreadsABatchEvenly) {
  std::vector<Candidate> candidates = WithLoads({0, 0, 0, 0});
  LeastConnections policy(6);
  for (int i = 0; i < 64; ++i)
    ++candidates[PickRow(policy, candidates)].in_flight;
  for (const Candidate& candidate : candidates) {
    EXPECT_EQ(candidate.in_flight, 16u);
  }
}

TEST(LeastConnectionsTest, SpreadsABatchByWeight) {
  std::vector<Candidate> candidates = {{.key = 1, .weight = 1},
                                       {.key = 2, .weight = 3}};
  LeastConnections policy(7);
  for (int i = 0; i < 400; ++i)
    ++candidates[PickRow(policy, candidates)].in_flight;
  EXPECT_EQ(candidates[0].in_flight, 100u);
  EXPECT_EQ(candidates[1].in_flight, 300u);
}

}  // namespace
}  // namespace cluster
