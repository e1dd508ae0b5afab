#include "scheduler/candidate_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"

namespace cluster {
namespace {

TEST(CandidateTableTest, RowsBecomeColumns) {
  CandidateTable table;
  EXPECT_TRUE(table.empty());
  table.Add({.key = 3,
             .slot = 1,
             .in_flight = 2,
             .weight = 7,
             .requests = 5,
             .capacity = 9});
  table.Add({.key = 4});
  const Candidates view = table.view();
  ASSERT_EQ(view.size(), 2u);
  EXPECT_EQ(view.keys[0], 3u);
  EXPECT_EQ(view.slots[0], 1u);
  EXPECT_EQ(view.weights[0], 7u);
  EXPECT_EQ(view.in_flight[0], 2u);
  EXPECT_EQ(view.requests[0], 5u);
  EXPECT_EQ(view.capacities[0], 9u);
  EXPECT_EQ(view.keys[1], 4u);
  EXPECT_EQ(view.weights[1], 1u);
  EXPECT_EQ(view.capacities[1], std::numeric_limits<uint32_t>::max());
  EXPECT_TRUE(view.work_ns.empty());
}

TEST(CandidateTableTest, PlaceRaisesTheLoadOfOneRow) {
  CandidateTable table;
  table.Add({.key = 1});
  table.Add({.key = 2});
  table.Place(1);
  EXPECT_EQ(table.view().in_flight[0], 0u);
  EXPECT_EQ(table.view().in_flight[1], 1u);
}

TEST(CandidateTableTest, EraseRemovesTheRowFromEveryColumn) {
  CandidateTable table;
  for (uint32_t i = 1; i <= 3; ++i) {
    table.Add({.key = i,
               .slot = i * 10,
               .in_flight = i * 1000,
               .weight = i * 100,
               .requests = i * 10'000,
               .capacity = i * 100'000});
  }
  table.Erase(1);
  const Candidates view = table.view();
  ASSERT_EQ(view.size(), 2u);
  EXPECT_EQ(view.keys[1], 3u);
  EXPECT_EQ(view.slots[1], 30u);
  EXPECT_EQ(view.weights[1], 300u);
  EXPECT_EQ(view.in_flight[1], 3000u);
  EXPECT_EQ(view.requests[1], 30'000u);
  EXPECT_EQ(view.capacities[1], 300'000u);
  table.Clear();
  EXPECT_TRUE(table.empty());
}

TEST(CandidateTableTest, TotalIsTheSumOfTheLoads) {
  SplitMix64 random(1);
  CandidateTable table;
  for (int step = 0; step < 10'000; ++step) {
    const uint64_t choice = random.Below(100);
    if (choice == 0) {
      table.Clear();
    } else if (choice < 40 || table.empty()) {
      table.Add({.key = static_cast<uint64_t>(step),
                 .in_flight = static_cast<uint32_t>(random.Below(1u << 31))});
    } else if (choice < 60) {
      table.Erase(random.Below(table.size()));
    } else {
      table.Place(random.Below(table.size()));
    }
    const Candidates view = table.view();
    const uint64_t sum = std::accumulate(
        view.in_flight.begin(), view.in_flight.end(), uint64_t{0});
    ASSERT_EQ(view.total_in_flight, sum) << "step " << step;
  }
}

Candidate Row(uint64_t key, uint32_t weight = 1) {
  return {.key = key, .slot = static_cast<uint32_t>(key), .weight = weight};
}

uint64_t VersionOf(CandidateTable& table, const std::vector<Candidate>& rows) {
  table.Clear();
  for (const Candidate& row : rows) table.Add(row);
  return table.view().version;
}

TEST(CandidateTableTest, VersionIsNewWhenKeysSlotsWeightsOrUnitAre) {
  CandidateTable table;
  const uint64_t first = VersionOf(table, {Row(1), Row(2), Row(3)});
  EXPECT_NE(first, 0u);
  EXPECT_EQ(VersionOf(table, {Row(1), Row(2), Row(3)}), first);
  table.Place(1);
  EXPECT_EQ(table.view().version, first);
  const uint64_t shorter = VersionOf(table, {Row(1), Row(2)});
  EXPECT_NE(shorter, first);
  // What is left behind the end is equal, and yet this is another view.
  const uint64_t longer = VersionOf(table, {Row(1), Row(2), Row(3)});
  EXPECT_NE(longer, shorter);
  const uint64_t other_key = VersionOf(table, {Row(1), Row(2), Row(4)});
  EXPECT_NE(other_key, longer);
  const uint64_t weighted = VersionOf(table, {Row(1), Row(2, 5), Row(4)});
  EXPECT_NE(weighted, other_key);
  table.Clear(/*weight_unit=*/100);
  for (const Candidate& row : {Row(1), Row(2, 5), Row(4)}) table.Add(row);
  const uint64_t scaled = table.view().version;
  EXPECT_NE(scaled, weighted);
  table.Erase(0);
  EXPECT_NE(table.view().version, scaled);
}

TEST(CandidateTableTest, NoTwoTablesShareAVersion) {
  CandidateTable one;
  CandidateTable two;
  EXPECT_NE(VersionOf(one, {Row(1)}), VersionOf(two, {Row(1)}));
}

TEST(CandidateTableTest, PlacingRaisesBothLoads) {
  CandidateTable table;
  table.Add({.key = 1, .in_flight = 3, .requests = 7});
  table.Place(0);
  EXPECT_EQ(table.view().in_flight[0], 4u);
  EXPECT_EQ(table.view().requests[0], 8u);
}

}  // namespace
}  // namespace cluster
