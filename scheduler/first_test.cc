#include "scheduler/first.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
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

TEST(FirstTest, FillsOneBeforeTheNext) {
  First policy(/*cap=*/3, 1);
  CandidateTable table = TableOf(Loads({0, 0, 0}));
  for (const size_t row : {0, 0, 0, 1, 1, 1, 2, 2, 2}) {
    EXPECT_EQ(policy.Pick({}, table.view()), row);
    table.Place(row);
  }
}

// Slot 0 has a new worker, which listens last.
TEST(FirstTest, RestartedWorkerHasItsPlaceAgain) {
  First policy(3, 1);
  std::vector<Candidate> rows = Loads({1, 1, 0});
  rows[0].slot = 1;
  rows[1].slot = 2;
  rows[2].slot = 0;
  CandidateTable table = TableOf(rows);
  for (const size_t row : {2, 2, 2, 0, 0, 1, 1}) {
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

// Whether a row has room, by the plain rule.
bool HasRoom(const Candidate& row, uint64_t cap) {
  return row.in_flight <
         std::min<uint64_t>(cap * row.weight, uint64_t{row.capacity});
}

// Connections come, end, workers' weights and capacities change meanwhile, and
// slots have been taken over.
TEST(FirstTest, AgreesWithThePlainRuleWhateverChanges) {
  constexpr uint32_t kMost = std::numeric_limits<uint32_t>::max();
  SplitMix64 random(2);
  for (const uint32_t cap : {1u, 7u, 1'000'000u}) {
    for (const size_t n : {1, 63, 64, 65, 200, 1024}) {
      First policy(cap, 1);
      std::vector<Candidate> rows = Loads(std::vector<uint32_t>(n));
      for (size_t i = 0; i < n / 10; ++i) {
        std::swap(rows[i].slot, rows[random.Below(n)].slot);
      }
      CandidateTable table = TableOf(rows);
      for (int step = 0; step < 3000; ++step) {
        const size_t picked = policy.Pick({}, table.view());
        const auto has_room = [&](const Candidate& row) {
          return HasRoom(row, cap);
        };
        const auto lowest =
            std::ranges::min_element(rows, {}, [&](const Candidate& row) {
              return has_room(row) ? row.slot : UINT32_MAX;
            });
        if (!has_room(*lowest)) {
          const auto load_by_weight = [](const Candidate& row) {
            return static_cast<double>(row.in_flight) / row.weight;
          };
          ASSERT_EQ(load_by_weight(rows[picked]),
                    load_by_weight(std::ranges::min(rows, {}, load_by_weight)));
        } else {
          ASSERT_EQ(picked, lowest - rows.begin()) << n << " rows, cap " << cap;
        }
        table.Place(picked);
        ++rows[picked].in_flight;
        if (random.Below(8) != 0) continue;
        Candidate& row = rows[random.Below(n)];
        // Neither overflows, nor is the most a number like others.
        const uint32_t full = random.Below(4) == 0 ? kMost : 3 * cap;
        row.in_flight = full - random.Below(2 * cap) - 1;
        row.capacity = random.Below(2) == 0 ? kMost : random.Below(full);
        row.weight = static_cast<uint32_t>(
            random.Below(random.Below(4) == 0 ? 65'536 : 3) + 1);
        table = TableOf(rows);
      }
    }
  }
}

}  // namespace
}  // namespace cluster
