// How the router holds senders up, and what stuck receivers cost.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_router_fixture.h"
#include "ipc/open_fds.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// ---- Back-pressure

TEST_F(MessageRouterTest, SenderGetsCreditWhenTheReceiverHasRead) {
  const size_t count = Fill(1, {.to = MessageTo::kWorker, .number = 2});
  EXPECT_GT(count, 900u);
  EXPECT_LT(router_.WaitingBytes(2), kMessageWindowBytes * 102 / 100);
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{});
  Read(2);
  EXPECT_EQ(router_.WaitingBytes(2), 0u);
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{1});
  Read(1);
  EXPECT_FALSE(router_.AnyWaits());
}

TEST_F(MessageRouterTest, BroadcastIsPaidBackByTheLastToRead) {
  Fill(1, {.to = MessageTo::kOthers});
  const auto credit = [this] {
    uint64_t bytes = 0;
    for (const Sent& sent : sent_) {
      if (sent.type == FrameType::kCredit) bytes += HeadOf<Credit>(sent).bytes;
    }
    return bytes;
  };
  Read(2);
  Read(3);
  Read(1);
  EXPECT_LT(credit(), kMessageWindowBytes * 3 / 4);
  Read(4);
  Read(1);
  EXPECT_GE(credit(), kMessageWindowBytes);
  EXPECT_LT(credit(), kMessageWindowBytes + 2000);
}

TEST_F(MessageRouterTest, WhoDoesNotReadItsCreditsGetsOne) {
  const MessageHead head = {.to = MessageTo::kWorker, .number = 2};
  for (int i = 0; i < 10; ++i) {
    Fill(1, head);
    Read(2);
  }
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{1});
}

TEST_F(MessageRouterTest, AskingNobodyIsNotFree) {
  uint64_t request = 0;
  while (Ask(1, 9, ++request).ok()) {
  }
  EXPECT_LE(request, kMessageWindowBytes / (24 + sizeof(MessageHead)) + 1);
}

TEST_F(MessageRouterTest, DescriptorsAreDear) {
  const size_t before = OpenFds();
  size_t count = 0;
  while (Say(1, {.to = MessageTo::kWorker, .number = 2}, "x", 1).ok()) ++count;
  EXPECT_LE(count, kMessageWindowBytes / kFdCostBytes + 1);
  EXPECT_EQ(OpenFds(), before);
}

class HeldFdsTest : public MessageRouterTest {
 protected:
  static constexpr size_t kMost = kMaxUserMessageFds;

  // Worker 1 tells all others, with as many descriptors as there may be; it
  // and `prompt_` read all there is.
  void TellAll() {
    ASSERT_TRUE(Say(1, {.to = MessageTo::kOthers}, "x", kMost).ok());
    Flush();
    Read(1);
  }
  size_t FdsFor(uint32_t worker) const {
    size_t count = 0;
    for (const Sent& sent : sent_) count += sent.to == worker ? sent.fds : 0;
    return count;
  }
};

// A copy for each is paid for once, so the window alone would let this grow
// with the number of workers.
TEST_F(HeldFdsTest, CopiesForThoseWhoDoNotReadAreBounded) {
  for (uint32_t id = 5; id <= 11; ++id) router_.Add(id, id - 1);
  TellAll();
  size_t held = 0;
  for (uint32_t id = 2; id <= 11; ++id) held += FdsFor(id);
  EXPECT_EQ(held, MessageRouter::kMaxHeldFds);
  EXPECT_EQ(Receivers(FrameType::kDelivery).size(), 10u)
      << "without them, then";
  EXPECT_EQ(HeadOf<DeliveryHead>(sent_.back()).lost_fds, kMost);
  EXPECT_EQ(troubles_.size(), 1u);
}

TEST_F(HeldFdsTest, WhoReadsGetsAllHoweverManyThereAre) {
  for (uint32_t id = 5; id <= 11; ++id) router_.Add(id, id - 1);
  for (uint32_t id = 2; id <= 11; ++id) prompt_.push_back(id);
  for (int i = 0; i < 3; ++i) TellAll();
  for (const Sent& sent : sent_) {
    if (sent.type == FrameType::kDelivery) EXPECT_EQ(sent.fds, kMost);
  }
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(HeldFdsTest, StuckOneKeepsAMessagesWorthAndOthersGetTheirs) {
  prompt_ = {3, 4};
  ASSERT_TRUE(Say(1, {.to = MessageTo::kWorker, .number = 2}, "x").ok());
  router_.Tick();
  router_.Tick();
  const size_t before = OpenFds();
  for (int i = 0; i < 100; ++i) TellAll();
  EXPECT_EQ(FdsFor(2), kMost);
  EXPECT_EQ(FdsFor(3), 100 * kMost);
  EXPECT_EQ(FdsFor(4), 100 * kMost);
  EXPECT_EQ(OpenFds(), before);
  EXPECT_EQ(troubles_.size(), 1u);
  // Until it has read.
  Read(2);
  TellAll();
  EXPECT_EQ(FdsFor(2), 2 * kMost);
}

// ---- Workers that do not read

TEST_F(MessageRouterTest, StuckReceiverStopsHoldingUpItsSenders) {
  const MessageHead to_stuck = {.to = MessageTo::kWorker, .number = 2};
  Fill(1, to_stuck);
  router_.Tick();
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{});
  router_.Tick();
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{1});
  Read(1);
  EXPECT_TRUE(Say(1, {.to = MessageTo::kWorker, .number = 3}, "hi").ok());
}

TEST_F(MessageRouterTest, WhatAStuckReceiverIsSentIsBounded) {
  const MessageHead to_stuck = {.to = MessageTo::kWorker, .number = 2};
  Fill(1, to_stuck);
  router_.Tick();
  router_.Tick();
  Read(1);
  const std::string text(1000, 'x');
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(Say(1, to_stuck, text).ok());
    Read(1);
  }
  EXPECT_LT(router_.WaitingBytes(2), MessageRouter::kMaxStuckBytes + 2000);
  EXPECT_TRUE(troubles_.empty());

  EXPECT_TRUE(Ask(1, 2, 5).ok());
  ASSERT_EQ(Receivers(FrameType::kRequestFailed), Ids{1});
  EXPECT_EQ(router_.open_requests(), 0u);

  Read(2);
  ASSERT_EQ(troubles_.size(), 1u) << "how many were dropped";
  sent_.clear();
  EXPECT_TRUE(Say(1, to_stuck, "again").ok());
  EXPECT_EQ(Receivers(FrameType::kDelivery), Ids{2});
}

TEST_F(MessageRouterTest, MessageIsCutWhenItsReceiverTakesNoMore) {
  EXPECT_TRUE(Say(3,
                  {.to = MessageTo::kWorker,
                   .number = 2,
                   .request = 8,
                   .total_bytes = 4},
                  "ab")
                  .ok());
  router_.Tick();
  router_.Tick();
  const std::string text(1000, 'x');
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(Say(1, {.to = MessageTo::kWorker, .number = 2}, text).ok());
    Read(1);
  }
  EXPECT_TRUE(SayPart(3, "cd").ok());
  EXPECT_EQ(Receivers(FrameType::kDeliveryCut), Ids{2});
  EXPECT_EQ(Receivers(FrameType::kRequestFailed), Ids{3});
  EXPECT_EQ(HeadOf<RequestFailure>(sent_.back()).status, CLUSTER_E_FULL);
}

TEST_F(MessageRouterTest, SlowReceiverIsNotStuck) {
  Fill(1, {.to = MessageTo::kWorker, .number = 2});
  for (uint64_t written = 1000; written < 10'000; written += 1000) {
    router_.Tick();
    router_.OnWritten(2, written);
  }
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{});
}

TEST_F(MessageRouterTest, DeathOfTheReceiverPaysBack) {
  Fill(1, {.to = MessageTo::kWorker, .number = 2});
  router_.Remove(2);
  router_.Remove(2);
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{1});
  EXPECT_FALSE(router_.AnyWaits());
}

}  // namespace
}  // namespace cluster
