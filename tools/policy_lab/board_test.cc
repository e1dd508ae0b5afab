#include "tools/policy_lab/board.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace cluster::lab {
namespace {

template <typename T>
std::vector<T> Values(std::span<const T> column) {
  return {column.begin(), column.end()};
}

using Numbers = std::vector<uint32_t>;
using Keys = std::vector<uint64_t>;

TEST(BoardTest, FreshBoardShowsWhatIs) {
  Board board({.workers = 3, .weights = {1, 2, 3}, .capacity = 9});
  board.ChangeInFlight(1, 2);
  board.ChangeRequests(1, 1);
  board.ChangeInFlight(1, -1);
  const Candidates& seen = board.candidates();
  EXPECT_EQ(Values(seen.in_flight), Numbers({0, 1, 0}));
  EXPECT_EQ(Values(seen.requests), Numbers({0, 1, 0}));
  EXPECT_EQ(Values(seen.weights), Numbers({1, 2, 3}));
  EXPECT_EQ(Values(seen.capacities), Numbers({9, 9, 9}));
  EXPECT_EQ(Values(seen.slots), Numbers({0, 1, 2}));
  EXPECT_EQ(Values(seen.keys), Keys({1, 2, 3}));
  EXPECT_TRUE(seen.work_ns.empty());
}

TEST(BoardTest, StaleBoardShowsWhatWasPublished) {
  Board board({.workers = 2, .stale = true});
  board.ChangeInFlight(0, 1);
  EXPECT_EQ(Values(board.candidates().in_flight), Numbers({0, 0}));
  board.Publish();
  board.ChangeInFlight(0, 1);
  EXPECT_EQ(Values(board.candidates().in_flight), Numbers({1, 0}));
  EXPECT_EQ(board.in_flight(0), 2u);
}

TEST(BoardTest, WorkerThatCameBackIsLastAndHasNothing) {
  Board board({.workers = 3, .shows_work = true});
  for (uint32_t worker = 0; worker < 3; ++worker) {
    board.ChangeInFlight(worker, static_cast<int32_t>(worker) + 1);
  }
  board.Remove(1);
  EXPECT_FALSE(board.present(1));
  EXPECT_EQ(Values(board.candidates().keys), Keys({1, 3}));
  EXPECT_EQ(Values(board.candidates().in_flight), Numbers({1, 3}));
  EXPECT_EQ(board.work_ns().size(), 2u);
  board.ChangeInFlight(1, -1);  // what it had ends after it
  board.ChangeInFlight(2, 1);
  board.Return(1);
  EXPECT_EQ(Values(board.candidates().keys), Keys({1, 3, 4}));
  EXPECT_EQ(Values(board.candidates().slots), Numbers({0, 2, 1}));
  EXPECT_EQ(Values(board.candidates().in_flight), Numbers({1, 4, 0}));
  EXPECT_EQ(board.key(1), 4u);
}

uint64_t Sum(std::span<const uint32_t> column) {
  return std::accumulate(column.begin(), column.end(), uint64_t{0});
}

TEST(BoardTest, TotalIsTheSumOfWhatIsShown) {
  for (const bool stale : {false, true}) {
    Board board({.workers = 3, .stale = stale});
    const auto expect_sum = [&] {
      const Candidates& seen = board.candidates();
      EXPECT_EQ(seen.total_in_flight, Sum(seen.in_flight)) << stale;
    };
    board.ChangeInFlight(0, 5);
    board.ChangeInFlight(1, 7);
    board.ChangeInFlight(0, -2);
    expect_sum();
    board.Publish();
    expect_sum();
    board.ChangeInFlight(2, 4);
    board.Remove(1);
    expect_sum();
    board.ChangeInFlight(1, -1);  // what it had ends after it
    board.Return(1);
    board.ChangeInFlight(1, 3);
    expect_sum();
    board.Publish();
    expect_sum();
    EXPECT_EQ(board.candidates().total_in_flight, 10u);
  }
}

TEST(BoardTest, NobodyMayBeLeft) {
  Board board({.workers = 1});
  board.Remove(0);
  EXPECT_EQ(board.candidates().size(), 0u);
  board.Return(0);
  EXPECT_EQ(board.candidates().size(), 1u);
}

}  // namespace
}  // namespace cluster::lab
