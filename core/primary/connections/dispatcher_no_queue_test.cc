// Without a pending queue what waits does so in the kernel's backlog, and
// nobody looks there before a worker has room.
#include <gtest/gtest.h>

#include <cstdint>

#include "core/primary/testing/dispatcher_fixture.h"

namespace cluster {
namespace {

constexpr int64_t kMs = DispatcherFixture::kMs;
constexpr int64_t kSecond = 1'000 * kMs;

TEST(NoPendingQueueTest, NoWorkerMeansNoRoom) {
  DispatcherFixture f(1, "round_robin", {.pending_capacity = 0});
  EXPECT_EQ(f.Accept(5), 0u);
  f.AddAll();
  EXPECT_EQ(f.Accept(100), 64u);
}

TEST(NoPendingQueueTest, WorkersAtTheirLimitAreAskedToTell) {
  DispatcherFixture f(
      1, "round_robin", {.pending_capacity = 0, .max_connections = {1}});
  f.AddAll();
  ASSERT_EQ(f.Accept(2), 1u);
  f.Serve(0);
  f.Pass(0);
  EXPECT_EQ(f.slot(0).page().wanted.load(), 1u);
  EXPECT_FALSE(f.dispatcher().busy()) << "it tells; there is no need to look";
  f.Close(0);
  f.Pass(0);
  EXPECT_TRUE(f.dispatcher().has_room());
}

TEST(NoPendingQueueTest, ItLooksWhetherAnEjectionIsOver) {
  DispatcherFixture f(
      2,
      "round_robin",
      {.pending_capacity = 0,
       .max_connections = {1},
       .ejection = {
           .consecutive = 1, .base_ns = kSecond, .most_percent = 100}});
  f.AddAll();
  ASSERT_EQ(f.Accept(2), 2u);
  f.Serve(0);
  f.Serve(1);
  f.Die(1);
  f.dispatcher().Add(f.slot(1));
  f.Pass(0);
  ASSERT_FALSE(f.dispatcher().has_room()) << "one is full, one is ejected";
  EXPECT_TRUE(f.dispatcher().busy());
  f.Pass(kSecond);
  EXPECT_TRUE(f.dispatcher().has_room());
}

// It has nothing that could end, and says nothing.
TEST(NoPendingQueueTest, ItLooksWhetherARefusalIsForgotten) {
  DispatcherFixture f(1,
                      "round_robin",
                      {.pending_capacity = 0, .pending_timeout_ns = 10 * kMs});
  f.AddAll();
  ASSERT_EQ(f.Accept(1), 1u);
  f.worker(0).Receive();
  f.worker(0).Refuse();
  f.Pass(10 * kMs);
  ASSERT_EQ(f.dispatcher().pending(), 0u) << "expired";
  ASSERT_FALSE(f.dispatcher().has_room());
  EXPECT_TRUE(f.dispatcher().busy());
  f.Pass(101 * kMs);
  EXPECT_TRUE(f.dispatcher().has_room());
}

}  // namespace
}  // namespace cluster
