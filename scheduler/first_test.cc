#include "scheduler/first.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/testing_pick.h"

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

TEST(FirstTest, FillsOneBeforeTheNext) {
  First policy(/*cap=*/3, 1);
  CandidateTable table = TableOf(Loads({0, 0, 0}));
  for (const size_t row : {0, 0, 0, 1, 1, 1, 2, 2, 2}) {
    EXPECT_EQ(policy.Pick({}, table.view()), row);
    table.Place(row);
  }
}

TEST(FirstTest, GoesBackToTheFirstThatHasRoom) {
  First policy(3, 1);
  EXPECT_EQ(PickRow(policy, Loads({3, 2, 0})), 1u);
  EXPECT_EQ(PickRow(policy, Loads({2, 2, 0})), 0u);
}

TEST(FirstTest, CapIsByWeightAndCapacityBounds) {
  First policy(3, 1);
  std::vector<Candidate> rows = Loads({3, 0});
  rows[0].weight = 2;
  EXPECT_EQ(PickRow(policy, rows), 0u);
  rows[0].capacity = 3;
  EXPECT_EQ(PickRow(policy, rows), 1u);
}

TEST(FirstTest, WhenAllAreFullTheLeastLoadedGetsMore) {
  First policy(1, 1);
  EXPECT_EQ(PickRow(policy, Loads({5, 4, 9})), 1u);
}

TEST(FirstTest, FindsTheOnlyRoomAtEveryPlace) {
  First policy(5, 1);
  for (size_t n = 1; n <= 70; ++n) {
    std::vector<Candidate> rows = Loads(std::vector<uint32_t>(n, 5));
    for (size_t place = 0; place < n; ++place) {
      rows[place].in_flight = 4;
      rows[n - 1].in_flight = 4;
      ASSERT_EQ(PickRow(policy, rows), place) << n;
      rows[place].in_flight = 5;
    }
  }
}

}  // namespace
}  // namespace cluster
