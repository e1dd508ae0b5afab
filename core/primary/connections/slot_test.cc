#include "core/primary/connections/slot.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>

#include "core/control/data_path.h"

namespace cluster {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

std::unique_ptr<Slot> HandoffSlot() {
  return *Slot::Create(0, 2, DataPath::kHandoff);
}
std::unique_ptr<Slot> ShareSlot() {
  return *Slot::Create(0, 2, DataPath::kShare);
}

TEST(SlotTest, HasAStreamForEachListenerOnlyForHandoff) {
  EXPECT_EQ(HandoffSlot()->stream_count(), 2u);
  EXPECT_EQ(ShareSlot()->stream_count(), 0u);
}

TEST(SlotTest, InFlightIsWhatWasAssignedAndNotFinished) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(5);
  EXPECT_EQ(slot->in_flight(), 5u);
  slot->AddReturned(1);
  slot->AddStarted(4);
  slot->page().completed = 3;
  slot->ReadCounters();
  EXPECT_EQ(slot->in_flight(), 1u);
  EXPECT_EQ(slot->finished(), 3u);
}

TEST(SlotTest, FinishedIsBoundedByWhatWasStarted) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(5);
  slot->AddStarted(2);
  slot->page().completed = kMax;
  slot->ReadCounters();
  EXPECT_EQ(slot->finished(), 2u);
  EXPECT_EQ(slot->in_flight(), 3u);
}

TEST(SlotTest, FinishedNeverFalls) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(2);
  slot->AddStarted(2);
  slot->page().completed = 2;
  slot->ReadCounters();
  slot->page().completed = 0;
  slot->ReadCounters();
  EXPECT_EQ(slot->finished(), 2u);
}

TEST(SlotTest, CloseBooksLosesWhatWasOpen) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(5);
  slot->AddStarted(5);
  slot->page().completed = 2;
  EXPECT_EQ(slot->CloseBooks(), 3u);
  EXPECT_EQ(slot->in_flight(), 0u);
  EXPECT_EQ(slot->finished(), 2u);
  EXPECT_EQ(slot->CloseBooks(), 0u);
}

TEST(SlotTest, NextWorkerCountsOnAfterCloseBooks) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(3);
  slot->AddStarted(3);
  slot->page().completed = 1;
  slot->CloseBooks();

  slot->AddAssigned(2);
  slot->AddStarted(2);
  slot->ReadCounters();
  EXPECT_EQ(slot->in_flight(), 2u);
  slot->page().completed.fetch_add(1);
  slot->ReadCounters();
  EXPECT_EQ(slot->in_flight(), 1u);
  EXPECT_EQ(slot->CloseBooks(), 1u);
}

TEST(SlotTest, CompletionsThatWereNeverEarnedDoNotOutliveTheWorker) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(1);
  slot->AddStarted(1);
  slot->page().completed = 1'000;
  slot->CloseBooks();

  slot->AddAssigned(4);
  slot->AddStarted(4);
  slot->ReadCounters();
  EXPECT_EQ(slot->in_flight(), 4u);
}

TEST(SlotTest, SharedConnectionsCountByTheWorkersWord) {
  const auto slot = ShareSlot();
  slot->page().accepted = 4;
  slot->page().completed = 1;
  slot->ReadCounters();
  EXPECT_EQ(slot->accepted_by_worker(), 4u);
  EXPECT_EQ(slot->in_flight(), 3u);
  EXPECT_EQ(slot->CloseBooks(), 3u);
  EXPECT_EQ(slot->in_flight(), 0u);
}

TEST(SlotTest, AcceptedByTheWorkerMeansNothingForHandoff) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(2);
  slot->AddStarted(1);
  slot->page().accepted = kMax;
  slot->ReadCounters();
  EXPECT_EQ(slot->accepted_by_worker(), 0u);
  EXPECT_EQ(slot->in_flight(), 2u);
  EXPECT_EQ(slot->finished(), 0u);
}

TEST(SlotTest, AcceptedBeyondReasonDoesNotOutliveTheWorker) {
  const auto slot = ShareSlot();
  slot->page().accepted = kMax;
  slot->ReadCounters();
  const uint64_t lost = slot->CloseBooks();
  EXPECT_LE(lost, uint64_t{1} << 31);
  EXPECT_EQ(slot->in_flight(), 0u);

  const uint64_t before = slot->accepted_by_worker();
  slot->page().accepted.fetch_add(3);
  slot->page().completed.fetch_add(1);
  slot->ReadCounters();
  EXPECT_EQ(slot->accepted_by_worker() - before, 3u);
  EXPECT_EQ(slot->in_flight(), 2u);
}

TEST(SlotTest, FullEndsWhenAConnectionEnds) {
  const auto slot = HandoffSlot();
  slot->AddAssigned(1);
  slot->AddStarted(1);
  slot->MarkFull(0);
  EXPECT_TRUE(slot->full(50 * kMs));
  slot->page().completed = 1;
  slot->ReadCounters();
  EXPECT_FALSE(slot->full(50 * kMs));
  EXPECT_FALSE(slot->full(50 * kMs));
}

TEST(SlotTest, FullEndsAfterAWhile) {
  const auto slot = HandoffSlot();
  slot->MarkFull(0);
  EXPECT_TRUE(slot->full(100 * kMs));
  EXPECT_FALSE(slot->full(100 * kMs + 1));
}

TEST(SlotTest, SuspectAsksUntilItShowsLife) {
  const auto slot = HandoffSlot();
  EXPECT_FALSE(slot->suspect());
  slot->MarkSuspect(0);
  EXPECT_TRUE(slot->suspect());
  EXPECT_EQ(slot->page().wanted.load(), 1u);
  slot->ShowsLife();
  EXPECT_FALSE(slot->suspect());
}

TEST(SlotTest, CloseBooksForgetsFullSuspectAndTheQuestion) {
  const auto slot = HandoffSlot();
  slot->MarkFull(0);
  slot->MarkSuspect(0);
  slot->CloseBooks();
  EXPECT_FALSE(slot->full(0));
  EXPECT_FALSE(slot->suspect());
  EXPECT_EQ(slot->page().wanted.load(), 0u);
}

TEST(SlotTest, RequestsAndBytesAreBoundedAndBeginAnewWithEachWorker) {
  const auto slot = HandoffSlot();
  slot->page().requests = 3;
  slot->page().bytes_sent = 10;
  slot->ReadCounters();
  EXPECT_EQ(slot->requests(), 3u);
  slot->page().requests = -5;
  slot->page().bytes_sent = 4;
  slot->ReadCounters();
  EXPECT_EQ(slot->requests(), 0u);
  EXPECT_EQ(slot->bytes_sent(), 10u) << "never falls";
  slot->page().phase = 7;
  slot->page().metric_cells[5] = 7;
  slot->CloseBooks();
  EXPECT_EQ(slot->page().phase, 0u);
  EXPECT_EQ(slot->page().metric_cells[5], 0u);
  slot->page().bytes_sent = 1;
  slot->ReadCounters();
  EXPECT_EQ(slot->bytes_sent(), 11u);
}

TEST(SlotTest, TimesAreBoundedAndBeginAnewWithEachWorker) {
  const auto slot = *Slot::Create(0, 1, DataPath::kHandoff);
  slot->page().lasted_ns.store(500);
  slot->ReadCounters();
  EXPECT_EQ(slot->lasted_ns(), 500u);
  slot->page().lasted_ns.store(100);  // it never falls
  slot->ReadCounters();
  EXPECT_EQ(slot->lasted_ns(), 500u);
  slot->CloseBooks();
  EXPECT_EQ(slot->page().lasted_ns.load(), 0u);
  slot->page().lasted_ns.store(~uint64_t{0});
  slot->ReadCounters();
  EXPECT_EQ(slot->lasted_ns(), uint64_t{1} << 60);
}

TEST(SlotTest, HostileBytesDoNotOverflow) {
  const auto slot = HandoffSlot();
  uint64_t before = 0;
  for (int worker = 0; worker < 40; ++worker) {
    slot->page().bytes_received = kMax;
    slot->page().requests = INT64_MAX;
    slot->ReadCounters();
    EXPECT_GE(slot->bytes_received(), before);
    before = slot->bytes_received();
    EXPECT_LT(slot->requests(), uint64_t{1} << 31);
    slot->CloseBooks();
  }
}

}  // namespace
}  // namespace cluster
