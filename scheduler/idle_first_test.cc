#include "scheduler/idle_first.h"

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

TEST(IdleFirstTest, PicksAnyOfTheIdle) {
  IdleFirst policy({}, 1);
  std::vector<int> counts(4);
  for (int i = 0; i < 30'000; ++i) {
    ++counts[PickRow(policy, Loads({0, 1, 0, 0}))];
  }
  EXPECT_EQ(counts[1], 0);
  for (size_t i : {0, 2, 3}) EXPECT_NEAR(counts[i], 10'000, 500);
}

TEST(IdleFirstTest, CanPickTheFirstOfTheIdle) {
  IdleFirst policy({.order = IdleFirst::Order::kFirst}, 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(PickRow(policy, Loads({3, 0, 1, 0})), 1u);
  }
}

TEST(IdleFirstTest, PicksByWeightWhenNobodyIsIdle) {
  std::vector<Candidate> rows = Loads({9, 1, 1});
  rows[0].weight = 2;
  IdleFirst policy({}, 2);
  std::vector<int> counts(3);
  for (int i = 0; i < 40'000; ++i) ++counts[PickRow(policy, rows)];
  EXPECT_NEAR(counts[0], 20'000, 600);
  EXPECT_NEAR(counts[1], 10'000, 500);
}

TEST(IdleFirstTest, CanPickTheLeastWhenNobodyIsIdle) {
  IdleFirst policy({.busy = IdleFirst::Busy::kLeast}, 3);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(PickRow(policy, Loads({3, 2, 1, 4})), 2u);
  }
}

}  // namespace
}  // namespace cluster
