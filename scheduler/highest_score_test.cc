#include "scheduler/highest_score.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/split_mix64.h"
#include "scheduler/testing/pick.h"

namespace cluster {
namespace {

// Of few rows and of many, whole vectors and blocks and not.
constexpr size_t kSizes[] = {1, 2, 7, 8, 9, 63, 64, 65, 256, 257, 1000, 1024};

// Workers in slots of any order, with weights from 1 to `weights` and loads
// below `loads`.
std::vector<Candidate> Draw(size_t n,
                            uint64_t weights,
                            uint64_t loads,
                            SplitMix64& random) {
  std::vector<Candidate> rows(n);
  for (size_t i = 0; i < n; ++i) {
    rows[i] = {.key = i + 1,
               .slot = static_cast<uint32_t>(n - 1 - i),
               .in_flight = static_cast<uint32_t>(random.Below(loads)),
               .weight = static_cast<uint32_t>(random.Below(weights) + 1)};
  }
  return rows;
}

size_t RowOf(const std::vector<Candidate>& rows, uint64_t key) {
  HighestScore score;
  CandidateTable table = TableOf(rows);
  return score.Row(key, table.view());
}

TEST(HighestScoreTest, TheWinnerOfAllWinsAgainstEach) {
  SplitMix64 random(1);
  for (const size_t n : kSizes) {
    for (const uint64_t weights : {1, 4, 65'536}) {
      const std::vector<Candidate> rows = Draw(n, weights, 1, random);
      for (int round = 0; round < 3; ++round) {
        const uint64_t key = random.Next();
        const size_t winner = RowOf(rows, key);
        ASSERT_LT(winner, n);
        for (size_t i = 0; i < n; ++i) {
          if (i < winner) ASSERT_EQ(RowOf({rows[i], rows[winner]}, key), 1u);
          if (i > winner) ASSERT_EQ(RowOf({rows[winner], rows[i]}, key), 0u);
        }
      }
    }
  }
}

// The rows that a limit leaves, by the plain rule.
std::vector<Candidate> BelowLimit(double factor,
                                  const std::vector<Candidate>& rows) {
  double in_flight = 1;
  double weight = 0;
  for (const Candidate& row : rows) {
    in_flight += row.in_flight;
    weight += row.weight;
  }
  std::vector<Candidate> below;
  for (const Candidate& row : rows) {
    const double limit = factor * in_flight / weight * row.weight;
    if (row.in_flight < limit * (1 - 1e-12)) below.push_back(row);
  }
  return below;
}

TEST(HighestScoreTest, BelowALimitTheWinnerIsThatOfTheRowsThatItLeaves) {
  SplitMix64 random(2);
  HighestScore score;
  for (const size_t n : kSizes) {
    for (const uint64_t weights : {1, 4, 65'536}) {
      for (const uint64_t loads :
           {uint64_t{1}, uint64_t{4}, uint64_t{100'000}, uint64_t{1} << 32}) {
        for (const double factor : {1.0, 1.25, 2.0}) {
          std::vector<Candidate> rows = Draw(n, weights, loads, random);
          CandidateTable table = TableOf(rows);
          for (int round = 0; round < 10; ++round) {
            const uint64_t key = random.Next();
            const size_t row = score.RowBelow(factor, key, table.view());
            const std::vector<Candidate> below = BelowLimit(factor, rows);
            ASSERT_EQ(rows[row].slot, below[RowOf(below, key)].slot)
                << n << " rows, weights to " << weights << ", loads below "
                << loads << ", factor " << factor;
            table.Place(row);
            ++rows[row].in_flight;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace cluster
