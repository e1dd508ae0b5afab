#include "scheduler/slot_column.h"

#include <gtest/gtest.h>

#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"

namespace cluster {
namespace {

struct Worker {
  uint64_t key;
  uint32_t slot;
};

// With and without versions, the column must show the same.
class SlotColumnTest : public testing::TestWithParam<bool> {
 protected:
  Candidates View(const std::vector<Worker>& workers) {
    table_.Clear();
    for (const Worker& each : workers) {
      table_.Add({.key = each.key, .slot = each.slot});
    }
    Candidates view = table_.view();
    if (!GetParam()) view.version = 0;
    return view;
  }

  template <Heir kHeir>
  std::vector<int> Rows(SlotColumn<int, kHeir>& column,
                        const std::vector<Worker>& workers) {
    const std::span<int> rows = column.Rows(View(workers));
    return {rows.begin(), rows.end()};
  }

  CandidateTable table_;
};

TEST_P(SlotColumnTest, ValuesFollowTheirWorkersThroughAnyOrder) {
  SlotColumn<int, Heir::kBeginsAnew> column;
  const std::span<int> rows = column.Rows(View({{1, 0}, {2, 1}, {3, 2}}));
  rows[0] = 10;
  rows[1] = 20;
  rows[2] = 30;
  EXPECT_EQ(Rows(column, {{1, 0}, {3, 2}}), (std::vector<int>{10, 30}));
  EXPECT_EQ(*column.Find(1, 2), 20);
  *column.Find(1, 2) = 21;
  *column.Find(2, 3) = 31;
  EXPECT_EQ(Rows(column, {{1, 0}, {2, 1}, {3, 2}}),
            (std::vector<int>{10, 21, 31}));
}

TEST_P(SlotColumnTest, SuccessorBeginsAnewOrInherits) {
  SlotColumn<int, Heir::kBeginsAnew> anew;
  SlotColumn<int, Heir::kInherits> inherits;
  for (int* value : {&anew.Rows(View({{1, 0}, {2, 1}}))[0],
                     &inherits.Rows(View({{1, 0}, {2, 1}}))[0]}) {
    *value = 7;
  }
  EXPECT_EQ(Rows(anew, {{2, 1}, {3, 0}}), (std::vector<int>{0, 0}));
  EXPECT_EQ(Rows(inherits, {{2, 1}, {3, 0}}), (std::vector<int>{0, 7}));
}

TEST_P(SlotColumnTest, LateWordOfADeadWorkerFindsNothing) {
  SlotColumn<int, Heir::kBeginsAnew> column;
  column.Rows(View({{1, 0}}));
  column.Rows(View({{5, 0}}))[0] = 3;
  EXPECT_EQ(column.Find(0, 1), nullptr);
  EXPECT_EQ(*column.Find(0, 5), 3);
}

TEST_P(SlotColumnTest, SuccessorIsKnownBeforeItIsACandidate) {
  SlotColumn<int, Heir::kBeginsAnew> column;
  column.Rows(View({{1, 0}, {2, 1}}))[1] = 9;
  EXPECT_EQ(*column.Find(1, 3), 0);
  *column.Find(1, 3) = 4;
  EXPECT_EQ(*column.Find(77, 8), 0);
  EXPECT_EQ(Rows(column, {{1, 0}, {3, 1}}), (std::vector<int>{0, 4}));
}

INSTANTIATE_TEST_SUITE_P(Versions, SlotColumnTest, testing::Bool());

}  // namespace
}  // namespace cluster
