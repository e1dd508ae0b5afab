#include "tools/policy_lab/workers/completion_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tools/policy_lab/random_stream.h"
#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {
namespace {

TEST(CompletionTreeTest, NothingIsDueAtFirst) {
  EXPECT_EQ(CompletionTree(1).first_ns(), kNever);
  EXPECT_EQ(CompletionTree(7).first_ns(), kNever);
}

TEST(CompletionTreeTest, OfEqualTimesTheLowestWorkerIsFirst) {
  CompletionTree tree(5);
  tree.Set(4, 10);
  tree.Set(2, 10);
  EXPECT_EQ(tree.first_worker(), 2u);
  tree.Set(2, kNever);
  EXPECT_EQ(tree.first_worker(), 4u);
}

TEST(CompletionTreeTest, AgreesWithALinearSearch) {
  RandomStream random(1, 0);
  for (uint32_t workers : {1u, 2u, 3u, 8u, 100u}) {
    CompletionTree tree(workers);
    std::vector<int64_t> times(workers, kNever);
    for (int step = 0; step < 2000; ++step) {
      const auto worker = static_cast<uint32_t>(random.Below(workers));
      times[worker] = random.Below(5) == 0
                          ? kNever
                          : static_cast<int64_t>(random.Below(50));
      tree.Set(worker, times[worker]);
      const auto first = std::min_element(times.begin(), times.end());
      ASSERT_EQ(tree.first_ns(), *first);
      if (*first != kNever) {
        ASSERT_EQ(tree.first_worker(), first - times.begin());
      }
    }
  }
}

}  // namespace
}  // namespace cluster::lab
