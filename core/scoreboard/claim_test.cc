#include "core/scoreboard/claim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace cluster {
namespace {

std::unique_ptr<StreamCell> MakeCell() {
  return std::make_unique<StreamCell>();
}

TEST(ClaimTest, WorkerStartsInOrder) {
  auto cell = MakeCell();
  EXPECT_TRUE(ClaimToStart(*cell, 1));
  EXPECT_TRUE(ClaimToStart(*cell, 2));
  EXPECT_EQ(Decided(*cell, 0, 5), 2u);
}

TEST(ClaimTest, RevokedNumbersCannotBeStarted) {
  auto cell = MakeCell();
  EXPECT_TRUE(ClaimToStart(*cell, 1));
  EXPECT_EQ(Revoke(*cell, 0, 3), 1u);
  EXPECT_FALSE(ClaimToStart(*cell, 2));
  EXPECT_FALSE(ClaimToStart(*cell, 3));
  EXPECT_TRUE(ClaimToStart(*cell, 4));
}

TEST(ClaimTest, RefusalIsVisibleWithItsClaim) {
  auto cell = MakeCell();
  EXPECT_TRUE(ClaimToRefuse(*cell, 1));
  EXPECT_EQ(Decided(*cell, 0, 1), 1u);
  EXPECT_EQ(cell->refusals.load(), 1u);
  EXPECT_EQ(cell->refused[0].load(), 1u);
}

TEST(ClaimTest, RefusalOfRevokedNumberFails) {
  auto cell = MakeCell();
  EXPECT_EQ(Revoke(*cell, 0, 1), 0u);
  EXPECT_FALSE(ClaimToRefuse(*cell, 1));
}

TEST(ClaimTest, LyingWorkerStaysWithinWhatWasSent) {
  auto cell = MakeCell();
  cell->claim = ~uint64_t{0};
  EXPECT_EQ(Decided(*cell, 2, 7), 7u);
  cell->claim = 0;
  EXPECT_EQ(Decided(*cell, 2, 7), 2u);
  cell->claim = ~uint64_t{0};
  EXPECT_EQ(Revoke(*cell, 2, 7), 7u);
}

// The primary sends a few numbers at a time and sometimes revokes them, while
// the worker starts what it sees as fast as it can.
TEST(ClaimTest, EachNumberIsDecidedExactlyOnceUnderContention) {
  constexpr uint64_t kLast = 60'000;
  auto cell = MakeCell();
  std::atomic<uint64_t> sent{0};
  std::vector<uint64_t> started;
  std::thread worker([&] {
    for (uint64_t number = 1; number <= kLast; ++number) {
      while (sent.load() < number) std::this_thread::yield();
      if (ClaimToStart(*cell, number)) started.push_back(number);
    }
  });
  std::vector<uint64_t> revoked;
  uint64_t known = 0;
  for (uint64_t round = 0; known < kLast; ++round) {
    sent.store(std::clamp(known + 1 + round % 5, sent.load(), kLast));
    if (round % 3 != 0) {
      while (Decided(*cell, known, sent.load()) == known) {
        std::this_thread::yield();
      }
      known = Decided(*cell, known, sent.load());
      continue;
    }
    const uint64_t old = Revoke(*cell, known, sent.load());
    for (uint64_t n = old + 1; n <= sent.load(); ++n) revoked.push_back(n);
    known = sent.load();
  }
  worker.join();
  std::set<uint64_t> all(started.begin(), started.end());
  EXPECT_EQ(all.size(), started.size());
  for (const uint64_t number : revoked) {
    EXPECT_TRUE(all.insert(number).second) << number << " was decided twice";
  }
  EXPECT_EQ(all.size(), kLast);
  EXPECT_FALSE(revoked.empty());
  EXPECT_FALSE(started.empty());
}

}  // namespace
}  // namespace cluster
