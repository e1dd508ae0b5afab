#include "scheduler/random.h"

#include <gtest/gtest.h>

#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/testing_pick.h"

namespace cluster {
namespace {

TEST(RandomTest, IsUniformWhateverTheLoad) {
  constexpr int kPicks = 500'000;
  const std::vector<Candidate> candidates = {{.key = 1, .in_flight = 900},
                                             {.key = 2, .weight = 50},
                                             {.key = 3},
                                             {.key = 4},
                                             {.key = 5}};
  Random policy(11);
  std::vector<int> counts(candidates.size());
  for (int i = 0; i < kPicks; ++i) ++counts[PickRow(policy, candidates)];
  for (int count : counts) EXPECT_NEAR(count, kPicks / 5, 1500);
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
