#include "core/primary/connections/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <vector>

#include "core/event_loop/refused_call.h"
#include "core/primary/testing/dispatcher_fixture.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kMs = DispatcherFixture::kMs;
constexpr int64_t kSecond = 1'000 * kMs;

// ---- Picking

TEST(DispatcherTest, RoundRobinRotatesExactly) {
  DispatcherFixture f(3);
  f.AddAll();
  EXPECT_EQ(f.Accept(7), 7u);
  EXPECT_THAT(f.Serve(0), ElementsAre(1, 4, 7));
  EXPECT_THAT(f.Serve(1), ElementsAre(2, 5));
  EXPECT_THAT(f.Serve(2), ElementsAre(3, 6));
}

TEST(DispatcherTest, RotationGoesOnAcrossRounds) {
  DispatcherFixture f(3);
  f.AddAll();
  for (int i = 0; i < 6; ++i) f.Accept(1);
  EXPECT_THAT(f.Serve(0), ElementsAre(1, 4));
  EXPECT_THAT(f.Serve(1), ElementsAre(2, 5));
  EXPECT_THAT(f.Serve(2), ElementsAre(3, 6));
}

TEST(DispatcherTest, LeastConnectionsSeesWhatIsOpen) {
  DispatcherFixture f(2, "least_connections");
  f.AddAll();
  f.Accept(4);
  ASSERT_THAT(f.Serve(0), SizeIs(2));
  ASSERT_THAT(f.Serve(1), SizeIs(2));
  f.Close(1);
  f.Accept(2);
  EXPECT_THAT(f.Serve(0), IsEmpty());
  EXPECT_THAT(f.Serve(1), ElementsAre(5, 6));
}

TEST(DispatcherTest, LeastConnectionsSpreadsABatch) {
  DispatcherFixture f(4, "least_connections");
  f.AddAll();
  f.Accept(64);
  for (size_t i = 0; i < 4; ++i) EXPECT_THAT(f.Serve(i), SizeIs(16)) << i;
}

TEST(DispatcherTest, WorkerThatLeftGetsNothingAndKeepsItsClaims) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(4);
  f.dispatcher().Remove(f.slot(0));
  f.Accept(2);
  EXPECT_THAT(f.Serve(0), ElementsAre(1, 3));
  EXPECT_THAT(f.Serve(1), ElementsAre(2, 4, 5, 6));
  f.Pass(kMs);
  EXPECT_EQ(f.dispatcher().members(), 1u);
  EXPECT_EQ(f.slot(0).in_flight(), 2u);
}

// ---- Room

TEST(DispatcherTest, WorkerHoldsAtMostMaxUnstarted) {
  DispatcherFixture f(1, "round_robin", {.pending_capacity = 3});
  f.AddAll();
  EXPECT_EQ(f.Accept(1'000), 67u);
  EXPECT_EQ(f.dispatcher().unstarted(), 64u);
  EXPECT_EQ(f.dispatcher().pending(), 3u);
  EXPECT_FALSE(f.dispatcher().has_room());
}

TEST(DispatcherTest, RoomComesBackWhenTheWorkerStarts) {
  DispatcherFixture f(1, "round_robin", {.pending_capacity = 3});
  f.AddAll();
  f.Accept(67);
  EXPECT_EQ(f.slot(0).page().wanted.load(), 1u) << "it was asked to tell";
  f.worker(0).Receive();
  f.worker(0).Start(2);
  f.Pass(0);
  EXPECT_EQ(f.dispatcher().pending(), 1u);
  EXPECT_TRUE(f.dispatcher().has_room());
}

TEST(DispatcherTest, NobodyIsAskedWhileNothingWaits) {
  DispatcherFixture f(1);
  f.AddAll();
  f.Accept(3);
  EXPECT_EQ(f.slot(0).page().wanted.load(), 0u);
}

TEST(DispatcherTest, ConnectionsWaitForTheFirstWorkerInOrder) {
  DispatcherFixture f(1);
  f.Accept(2);
  f.Accept(2);
  EXPECT_EQ(f.dispatcher().pending(), 4u);
  f.AddAll();
  f.Accept(1);
  EXPECT_THAT(f.Serve(0), ElementsAre(1, 2, 3, 4, 5));
}

TEST(DispatcherTest, WhatCameBackGoesBeforeWhatWaits) {
  DispatcherFixture f(1, "round_robin", {.limits = {.max_unstarted = 2}});
  f.AddAll();
  f.Accept(4);
  f.Die(0);
  f.AddAll();
  f.Pass(0);
  EXPECT_THAT(f.Serve(0), ElementsAre(1, 2));
  f.Pass(0);
  EXPECT_THAT(f.Serve(0), ElementsAre(3, 4));
}

TEST(DispatcherTest, WhatWaitsTooLongExpires) {
  DispatcherFixture f(1, "round_robin", {.pending_timeout_ns = 10 * kSecond});
  f.Accept(2);
  f.Pass(5 * kSecond);
  f.Accept(1);
  f.Pass(5 * kSecond);
  EXPECT_EQ(f.ledger().expired(), 2u);
  EXPECT_EQ(f.dispatcher().pending(), 1u);
  EXPECT_EQ(f.Imbalance(), 0);
}

TEST(DispatcherTest, WhatWaitsIsTriedBeforeItExpires) {
  DispatcherFixture f(1, "round_robin", {.pending_timeout_ns = kSecond});
  f.Accept(1);
  f.AddAll();
  f.Pass(2 * kSecond);
  EXPECT_THAT(f.Serve(0), ElementsAre(1));
  EXPECT_EQ(f.ledger().expired(), 0u);
}

TEST(DispatcherTest, WhatCameBackHasNoMoreTimeThanItHad) {
  DispatcherFixture f(1, "round_robin", {.pending_timeout_ns = kSecond});
  f.AddAll();
  f.Accept(1);
  f.Pass(600 * kMs);
  f.Die(0);
  f.Pass(399 * kMs);
  EXPECT_EQ(f.ledger().expired(), 0u);
  f.Pass(kMs);
  EXPECT_EQ(f.ledger().expired(), 1u);
  EXPECT_EQ(f.Imbalance(), 0);
}

TEST(DispatcherTest, WithoutDeadlineNothingExpires) {
  DispatcherFixture f(1, "round_robin", {.pending_timeout_ns = INT64_MAX});
  f.AddAll();
  f.Accept(1);
  f.Die(0);
  f.Accept(1);
  f.Pass(1'000'000 * kSecond);
  EXPECT_EQ(f.ledger().expired(), 0u);
  EXPECT_EQ(f.dispatcher().pending(), 2u);
}

TEST(DispatcherTest, RefuseAllClosesWhatWaits) {
  const size_t fds_before = OpenFds();
  {
    DispatcherFixture f(0);
    f.Accept(3);
    f.dispatcher().RefuseAll();
    EXPECT_EQ(OpenFds(), fds_before);
    EXPECT_EQ(f.ledger().refused(), 3u);
    EXPECT_FALSE(f.dispatcher().busy());
  }
}

TEST(DispatcherTest, AfterRefuseAllWhatComesBackIsRefusedAtOnce) {
  const size_t fds_before = OpenFds();
  DispatcherFixture f(3);
  const size_t fds_of_fixture = OpenFds() - fds_before;
  f.AddAll();
  f.Accept(6);
  f.dispatcher().RefuseAll();
  for (size_t i = 0; i < 3; ++i) f.dispatcher().Remove(f.slot(i));
  EXPECT_THAT(f.Serve(0), SizeIs(2)) << "what was sent may still be started";
  f.Die(1);
  EXPECT_EQ(f.ledger().refused(), 2u);
  f.worker(2).Receive();
  f.worker(2).Refuse();
  f.Pass(0);
  EXPECT_EQ(f.ledger().refused(), 4u);
  EXPECT_EQ(f.ledger().redispatched(), 0u);
  EXPECT_FALSE(f.dispatcher().busy());
  EXPECT_EQ(f.Imbalance(), 0);
  EXPECT_EQ(OpenFds(), fds_before + fds_of_fixture + 2)
      << "the two that were started";
}

// One worker drains alone: its slot has another worker soon, or others have
// room.
TEST(DispatcherTest, WhatALeavingWorkerRefusesGoesToOthersOrWaits) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(4);
  f.dispatcher().Remove(f.slot(0));
  f.worker(0).Receive();
  f.worker(0).Refuse();
  f.Pass(0);
  EXPECT_THAT(f.Serve(1), ElementsAre(2, 4, 1, 3));

  f.Accept(1);
  f.dispatcher().Remove(f.slot(1));
  f.worker(1).Receive();
  f.worker(1).Refuse();
  f.Pass(0);
  EXPECT_EQ(f.dispatcher().pending(), 1u);
  f.dispatcher().Add(f.slot(0));
  f.Pass(101 * kMs);
  EXPECT_THAT(f.Serve(0), ElementsAre(5));
  EXPECT_EQ(f.ledger().refused(), 0u);
}

// ---- Slow workers

TEST(DispatcherTest, SlowWorkerIsSkippedAfterTwoMilliseconds) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(2);
  f.Serve(1);
  f.Pass(2 * kMs);
  f.Accept(1);
  EXPECT_EQ(f.worker(0).Receive(), 2u) << "not slow yet";
  f.Pass(1);
  f.Accept(3);
  EXPECT_EQ(f.worker(0).Receive(), 0u);
  EXPECT_THAT(f.Serve(1), SizeIs(3));
}

TEST(DispatcherTest, SlowWorkersAreBetterThanNone) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(2);
  f.Pass(5 * kMs);
  f.Accept(2);
  EXPECT_EQ(f.dispatcher().pending(), 0u);
  EXPECT_THAT(f.Serve(0), SizeIs(2));
}

TEST(DispatcherTest, TakesBackAfterTwentyMillisecondsWhenAnotherIsFine) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(4);
  f.Serve(1);
  f.Pass(20 * kMs);
  EXPECT_EQ(f.ledger().redispatched(), 0u);
  f.Pass(1);
  EXPECT_THAT(f.Serve(1), ElementsAre(1, 3));
  EXPECT_EQ(f.ledger().redispatched(), 2u);
  EXPECT_THAT(f.Serve(0), IsEmpty());
  EXPECT_EQ(f.Imbalance(), 0);
}

TEST(DispatcherTest, TakesNothingBackWhenNobodyIsFine) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(2);
  f.Pass(kSecond);
  EXPECT_EQ(f.ledger().redispatched(), 0u);
  EXPECT_EQ(f.dispatcher().unstarted(), 2u);
}

TEST(DispatcherTest, SuspectGetsNothingUntilItShowsLife) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(2);
  f.Serve(1);
  f.Pass(21 * kMs);
  EXPECT_EQ(f.slot(0).page().wanted.load(), 1u);
  f.Accept(2);
  EXPECT_EQ(f.worker(0).Receive(), 0u);
  EXPECT_EQ(f.worker(0).probes(), 1u) << "what wakes it once it runs";
  f.slot(0).ShowsLife();
  f.Accept(4);
  EXPECT_THAT(f.Serve(0), SizeIs(2));
}

// Else it would never be asked, and never be picked again.
TEST(DispatcherTest, SuspectIsProbedLaterWhereTheKernelRefused) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(2);
  f.Serve(1);
  {
    const RefusedCall refused(RefusedCall::kSendmsg, ENOBUFS);
    f.Pass(21 * kMs);
    EXPECT_EQ(f.worker(0).Receive() + f.worker(0).probes(), 0u);
  }
  f.Accept(1);
  f.Accept(1);
  f.worker(0).Receive();
  EXPECT_EQ(f.worker(0).probes(), 1u);
}

// ---- Refusals and death

TEST(DispatcherTest, RefusedConnectionGoesToAnother) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(1);
  f.worker(0).Receive();
  f.worker(0).Refuse();
  f.Pass(0);
  EXPECT_THAT(f.Serve(1), ElementsAre(1));
  EXPECT_EQ(f.Imbalance(), 0);
}

TEST(DispatcherTest, WorkerThatRefusesAllIsNotAskedInALoop) {
  DispatcherFixture f(1);
  f.AddAll();
  f.Accept(1);
  size_t offers = 0;
  for (int tick = 0; tick < 200; ++tick) {
    offers += f.worker(0).Receive();
    f.worker(0).Refuse();
    f.Pass(5 * kMs);
  }
  EXPECT_GE(offers, 5u);
  EXPECT_LE(offers, 11u);
  EXPECT_EQ(f.Imbalance(), 0);
}

// However many they are: one of them is always ready to refuse it again.
TEST(DispatcherTest, ConnectionThatAllWorkersRefuseExpires) {
  constexpr size_t kWorkers = 30;
  const size_t fds_before = OpenFds();
  DispatcherFixture f(kWorkers, "round_robin", {.pending_timeout_ns = kSecond});
  const size_t fds_of_fixture = OpenFds() - fds_before;
  f.AddAll();
  f.Accept(1);
  for (int tick = 0; tick < 202; ++tick) {
    for (size_t i = 0; i < kWorkers; ++i) {
      f.worker(i).Receive();
      f.worker(i).Refuse();
    }
    f.Pass(5 * kMs);
  }
  EXPECT_EQ(f.ledger().expired(), 1u);
  EXPECT_FALSE(f.dispatcher().busy());
  EXPECT_EQ(f.Imbalance(), 0);
  EXPECT_EQ(OpenFds(), fds_before + fds_of_fixture);
}

TEST(DispatcherTest, DeathRedispatchesTheUnstartedAndLosesTheStarted) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(6);
  f.worker(0).Receive();
  f.worker(0).Start(1);
  f.Die(0);
  EXPECT_THAT(f.Serve(1), ElementsAre(2, 4, 6, 3, 5));
  EXPECT_EQ(f.ledger().lost(), 1u);
  EXPECT_EQ(f.ledger().redispatched(), 2u);
  EXPECT_EQ(f.Imbalance(), 0);
}

TEST(DispatcherTest, WorkerAnnouncedTwiceIsOneMember) {
  DispatcherFixture f(2);
  f.AddAll();
  f.Accept(2);
  f.dispatcher().Add(f.slot(0));
  EXPECT_EQ(f.dispatcher().members(), 2u);
  EXPECT_EQ(f.dispatcher().unstarted(), 2u);
}

}  // namespace
}  // namespace cluster
