#include "scheduler/bounded_load.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
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

// Places `count` connections of the keys that `draw` gives, some of which end,
// and holds every pick to the bound.
template <class DrawKey>
void HoldToTheBound(double factor,
                    const std::vector<uint32_t>& weights,
                    DrawKey draw) {
  SplitMix64 random(1);
  BoundedLoad policy(factor, 2);
  std::vector<Candidate> rows;
  double total_weight = 0;
  for (uint32_t weight : weights) {
    rows.push_back({.key = rows.size() + 1,
                    .slot = static_cast<uint32_t>(rows.size()),
                    .weight = weight});
    total_weight += weight;
  }
  double total = 0;
  for (int i = 0; i < 4000; ++i) {
    CandidateTable table = TableOf(rows);
    const size_t row = policy.Pick({.key = draw(random)}, table.view());
    ++rows[row].in_flight;
    ++total;
    const double mean = total * rows[row].weight / total_weight;
    ASSERT_LE(rows[row].in_flight, std::ceil(factor * mean - 1e-9))
        << "factor " << factor << ", connection " << i;
    const size_t ends = random.Below(2 * rows.size());
    if (ends < rows.size() && rows[ends].in_flight > 0) {
      --rows[ends].in_flight;
      --total;
    }
  }
}

TEST(BoundedLoadTest, NoPickExceedsTheBound) {
  const auto one_key = [](SplitMix64&) { return uint64_t{7}; };
  const auto any_key = [](SplitMix64& random) { return random.Next() | 1; };
  const auto hot_key = [](SplitMix64& random) {
    return random.Below(2) == 0 ? 7 : random.Below(50) + 1;
  };
  const auto no_key = [](SplitMix64&) { return uint64_t{0}; };
  for (double factor : {1.0, 1.1, 1.25, 2.0, 100.0}) {
    for (const auto& weights : {std::vector<uint32_t>(1, 1),
                                std::vector<uint32_t>(7, 1),
                                std::vector<uint32_t>(20, 3),
                                std::vector<uint32_t>{1, 3, 10, 65'536},
                                std::vector<uint32_t>{5, 1, 1}}) {
      HoldToTheBound(factor, weights, one_key);
      HoldToTheBound(factor, weights, any_key);
      HoldToTheBound(factor, weights, hot_key);
      HoldToTheBound(factor, weights, no_key);
    }
  }
}

// Keys away from the worker that they have while there is room.
int Spilled(double factor) {
  BoundedLoad policy(factor, 3);
  BoundedLoad unbounded(100, 3);
  CandidateTable table = TableOf(Loads(std::vector<uint32_t>(8, 0)));
  CandidateTable idle = TableOf(Loads(std::vector<uint32_t>(8, 0)));
  // Under a high factor nobody is full: the preferred worker.
  for (size_t row = 0; row < 8; ++row) {
    for (int i = 0; i < 1000; ++i) idle.Place(row);
  }
  SplitMix64 random(4);
  int spilled = 0;
  for (int i = 0; i < 8000; ++i) {
    const uint64_t key = random.Below(2) == 0 ? 5 : random.Next() | 1;
    const size_t row = policy.Pick({.key = key}, table.view());
    table.Place(row);
    spilled += row != unbounded.Pick({.key = key}, idle.view()) ? 1 : 0;
  }
  return spilled;
}

TEST(BoundedLoadTest, SpillsLessTheHigherTheFactor) {
  const int tight = Spilled(1);
  const int usual = Spilled(1.25);
  const int wide = Spilled(2);
  EXPECT_GT(tight, usual);
  EXPECT_GT(usual, wide);
  EXPECT_EQ(Spilled(100), 0);
}

TEST(BoundedLoadTest, AKeyStaysWhileItsWorkerHasRoom) {
  BoundedLoad policy(2, 5);
  CandidateTable table = TableOf(Loads({100, 100, 100, 100}));
  const size_t row = policy.Pick({.key = 9}, table.view());
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(policy.Pick({.key = 9}, table.view()), row);
    table.Place(row);
  }
}

}  // namespace
}  // namespace cluster
