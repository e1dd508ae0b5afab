#include "scheduler/least_requests.h"

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

TEST(LeastRequestsTest, LooksAtRequestsBeforeConnections) {
  std::vector<Candidate> rows = Loads({1, 50, 2});
  rows[0].requests = 4;
  rows[1].requests = 2;
  rows[2].requests = 3;
  LeastRequests policy(1);
  EXPECT_EQ(PickRow(policy, rows), 1u);
}

TEST(LeastRequestsTest, WeighsRequests) {
  std::vector<Candidate> rows = Loads({0, 0});
  rows[0].requests = 2;
  rows[1] = {.key = 2, .slot = 1, .weight = 3, .requests = 5};
  LeastRequests policy(1);
  EXPECT_EQ(PickRow(policy, rows), 1u);
}

TEST(LeastRequestsTest, ConnectionsDecideBetweenEqualRequests) {
  std::vector<Candidate> rows = Loads({9, 4, 2, 3});
  for (Candidate& row : rows) row.requests = 1;
  LeastRequests policy(1);
  EXPECT_EQ(PickRow(policy, rows), 2u);
  rows[2].requests = 2;  // not equal any more
  EXPECT_EQ(PickRow(policy, rows), 3u);
  rows[0].weight = 4;  // 1/4 of a request
  EXPECT_EQ(PickRow(policy, rows), 0u);
}

TEST(LeastRequestsTest, WithoutReportsItIsLeastConnections) {
  LeastRequests policy(1);
  EXPECT_EQ(PickRow(policy, Loads({5, 3, 4})), 1u);
}

TEST(LeastRequestsTest, EqualsInBothShareEqually) {
  std::vector<Candidate> rows = Loads({1, 1, 1, 7});
  for (Candidate& row : rows) row.requests = 3;
  rows[0].requests = 4;
  LeastRequests policy(2);
  std::vector<int> counts(4);
  for (int i = 0; i < 40'000; ++i) ++counts[PickRow(policy, rows)];
  EXPECT_EQ(counts[0] + counts[3], 0);
  EXPECT_NEAR(counts[1], 20'000, 600);
}

// Workers report after the batch: what is placed has to count before.
TEST(LeastRequestsTest, SpreadsABatch) {
  std::vector<Candidate> rows = Loads({0, 0, 0, 0});
  rows[0].requests = 8;
  CandidateTable table = TableOf(rows);
  LeastRequests policy(3);
  for (int i = 0; i < 24; ++i) table.Place(policy.Pick({}, table.view()));
  for (uint32_t requests : table.view().requests) EXPECT_EQ(requests, 8u);
}

}  // namespace
}  // namespace cluster
