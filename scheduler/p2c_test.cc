#include "scheduler/p2c.h"

#include <gtest/gtest.h>

#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/testing/pick.h"

namespace cluster {
namespace {

std::vector<int> Counts(P2c& policy,
                        const std::vector<Candidate>& rows,
                        int picks) {
  std::vector<int> counts(rows.size());
  for (int i = 0; i < picks; ++i) ++counts[PickRow(policy, rows)];
  return counts;
}

std::vector<Candidate> Loads(const std::vector<uint32_t>& loads) {
  std::vector<Candidate> rows;
  for (uint32_t load : loads) {
    rows.push_back({.key = rows.size() + 1,
                    .slot = static_cast<uint32_t>(rows.size()),
                    .in_flight = load});
  }
  return rows;
}

// Of d distinct draws of n, the idle one is among them with chance d / n.
TEST(P2cTest, FindsTheIdleOneAsOftenAsItIsDrawn) {
  constexpr int kPicks = 200'000;
  for (size_t d : {2u, 3u, 5u}) {
    P2c policy(d, 1);
    const std::vector<int> counts =
        Counts(policy, Loads({9, 9, 9, 0, 9, 9, 9, 9}), kPicks);
    EXPECT_NEAR(counts[3], kPicks * d / 8, 1500) << d;
  }
}

TEST(P2cTest, GreatestNeverWins) {
  for (size_t d : {2u, 3u}) {
    P2c policy(d, 2);
    EXPECT_EQ(Counts(policy, Loads({1, 2, 3, 4, 5}), 20'000)[4], 0);
  }
}

TEST(P2cTest, MoreChoicesThanWorkersIsTheLeast) {
  P2c policy(16, 3);
  EXPECT_EQ(Counts(policy, Loads({7, 5, 6}), 1000)[1], 1000);
}

TEST(P2cTest, EqualsShareEqually) {
  constexpr int kPicks = 200'000;
  for (size_t d : {2u, 3u, 16u}) {
    P2c policy(d, 4);
    for (int count : Counts(policy, Loads({4, 4, 4, 4}), kPicks)) {
      EXPECT_NEAR(count, kPicks / 4, 1500) << d;
    }
  }
}

TEST(P2cTest, WeighsLoads) {
  std::vector<Candidate> rows = Loads({5, 2});
  rows[0].weight = 3;
  P2c policy(2, 5);
  EXPECT_EQ(Counts(policy, rows, 1000)[0], 1000);
}

// Each is drawn first as often as its weight says, and of equals that one wins.
TEST(P2cTest, EqualsShareByWeight) {
  constexpr int kPicks = 200'000;
  std::vector<Candidate> rows = Loads({0, 0, 0, 0});
  rows[2].weight = 5;
  for (size_t d : {2u, 3u, 16u}) {
    P2c policy(d, 6);
    const std::vector<int> counts = Counts(policy, rows, kPicks);
    for (size_t row = 0; row < 4; ++row) {
      EXPECT_NEAR(counts[row], kPicks * rows[row].weight / 8, 1500) << d;
    }
  }
}

// However much one weighs, it is not compared with itself.
TEST(P2cTest, MoreChoicesThanUnequalWorkersIsTheLeast) {
  std::vector<Candidate> rows = Loads({70'000, 0, 1});
  rows[0].weight = 65'536;
  for (size_t d : {3u, 16u}) {
    P2c policy(d, 7);
    EXPECT_EQ(Counts(policy, rows, 1000)[1], 1000) << d;
  }
  rows.pop_back();
  P2c policy(2, 8);
  EXPECT_EQ(Counts(policy, rows, 1000)[1], 1000);
}

}  // namespace
}  // namespace cluster
