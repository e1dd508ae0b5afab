#include "core/primary/messages/message_router.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_router_fixture.h"
#include "ipc/open_fds.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// ---- Who gets it

TEST_F(MessageRouterTest, WorkerIsFoundByIdAndBySlot) {
  EXPECT_TRUE(Say(1, {.to = MessageTo::kWorker, .number = 3}, "one").ok());
  EXPECT_TRUE(Say(1, {.to = MessageTo::kSlot, .number = 1}, "two").ok());
  ASSERT_EQ(Receivers(FrameType::kDelivery), (Ids{3, 2}));
  EXPECT_EQ(TextOf(sent_[0]), "one");
  EXPECT_EQ(TextOf(sent_[1]), "two");
  const auto head = HeadOf<DeliveryHead>(sent_[0]);
  EXPECT_EQ(head.from_worker, 1u);
  EXPECT_EQ(head.from_slot, 0u);
  EXPECT_EQ(head.total_bytes, 3u);
  EXPECT_EQ(head.request, 0u);
}

TEST_F(MessageRouterTest, OthersAreAllButTheSender) {
  EXPECT_TRUE(Say(2, {.to = MessageTo::kOthers}, "all", 1).ok());
  EXPECT_EQ(Receivers(FrameType::kDelivery), (Ids{1, 3, 4}));
  for (const Sent& sent : sent_) EXPECT_EQ(sent.fds, 1u);
}

TEST_F(MessageRouterTest, LostDescriptorsAreCountedAndToldOnce) {
  EXPECT_TRUE(Say(2, {.to = MessageTo::kOthers}, "all", 1, 2).ok());
  EXPECT_EQ(Receivers(FrameType::kDelivery), (Ids{1, 3, 4}));
  for (const Sent& sent : sent_) {
    EXPECT_EQ(sent.fds, 1u);
    EXPECT_EQ(HeadOf<DeliveryHead>(sent).lost_fds, 2u);
  }
  EXPECT_TRUE(Say(2, {.to = MessageTo::kOthers}, "all", 0, 1).ok());
  EXPECT_EQ(troubles_.size(), 1u);
}

TEST_F(MessageRouterTest, WhatCannotBeCopiedIsLostAndTheMessageGoes) {
  const int next = UniqueFd(open("/dev/null", O_RDONLY)).get();
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  // Room for what comes, and for a copy of one of the two.
  const rlimit low = {static_cast<rlim_t>(next + 3), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  EXPECT_TRUE(Say(2, {.to = MessageTo::kOthers}, "all", 2).ok());
  setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_EQ(Receivers(FrameType::kDelivery), (Ids{1, 3, 4}));
  for (const Sent& sent : sent_) {
    const size_t came = sent.to == 4 ? 2 : 1;
    EXPECT_EQ(sent.fds, came);
    EXPECT_EQ(HeadOf<DeliveryHead>(sent).lost_fds, 2 - came);
  }
  EXPECT_EQ(troubles_.size(), 1u);
}

TEST_F(MessageRouterTest, SlotIsItsNewestWorker) {
  router_.Remove(2);
  EXPECT_TRUE(Say(1, {.to = MessageTo::kSlot, .number = 1}, "gap").ok());
  EXPECT_EQ(Receivers(FrameType::kDelivery), Ids{});
  router_.Add(5, 1);
  EXPECT_TRUE(Say(1, {.to = MessageTo::kSlot, .number = 1}, "new").ok());
  EXPECT_EQ(Receivers(FrameType::kDelivery), Ids{5});
}

TEST_F(MessageRouterTest, WhatNobodyGetsIsLostAndPaidBack) {
  const size_t before = OpenFds();
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(Say(1, {.to = MessageTo::kWorker, .number = 9}, "x", 1).ok());
    Read(1);
  }
  EXPECT_EQ(Receivers(FrameType::kDelivery), Ids{});
  EXPECT_EQ(OpenFds(), before);
}

TEST_F(MessageRouterTest, PrimaryTakesNoneAndSaysSoOnce) {
  EXPECT_TRUE(Say(1, {.to = MessageTo::kPrimary}, "x").ok());
  EXPECT_TRUE(Say(1, {.to = MessageTo::kPrimary}, "x").ok());
  EXPECT_EQ(troubles_.size(), 1u);
  EXPECT_TRUE(Say(1, {.to = MessageTo::kPrimary, .request = 1}, "x").ok());
  ASSERT_EQ(Receivers(FrameType::kRequestFailed), Ids{1});
  EXPECT_EQ(HeadOf<RequestFailure>(sent_[0]).status, CLUSTER_E_UNSUPPORTED);
}

// ---- Parts

TEST_F(MessageRouterTest, PartsGoWhereTheFirstWentAndMixWithOthers) {
  const MessageHead head = {
      .to = MessageTo::kSlot, .number = 1, .total_bytes = 6};
  EXPECT_TRUE(Say(1, head, "ab").ok());
  EXPECT_TRUE(Say(3, {.to = MessageTo::kWorker, .number = 2}, "other").ok());
  EXPECT_TRUE(SayPart(1, "cd").ok());
  EXPECT_TRUE(SayPart(1, "ef").ok());
  ASSERT_EQ(sent_.size(), 4u);
  EXPECT_EQ(TextOf(sent_[0]), "ab");
  EXPECT_EQ(TextOf(sent_[2]), "cd");
  EXPECT_EQ(TextOf(sent_[3]), "ef");
  EXPECT_EQ(HeadOf<PartHead>(sent_[3]).from_worker, 1u);
  EXPECT_FALSE(SayPart(1, "g").ok()) << "the message is whole";
}

TEST_F(MessageRouterTest, RestOfAMessageDoesNotReachTheSuccessor) {
  EXPECT_TRUE(
      Say(1, {.to = MessageTo::kSlot, .number = 1, .total_bytes = 4}, "ab")
          .ok());
  router_.Remove(2);
  router_.Add(5, 1);
  EXPECT_TRUE(SayPart(1, "cd").ok());
  EXPECT_EQ(Receivers(FrameType::kDeliveryPart), Ids{});
}

TEST_F(MessageRouterTest, SenderThatDiesInAMessageCutsIt) {
  EXPECT_TRUE(Say(1, {.to = MessageTo::kOthers, .total_bytes = 4}, "ab").ok());
  router_.Remove(3);
  router_.Remove(1);
  EXPECT_EQ(Receivers(FrameType::kDeliveryCut), (Ids{2, 4}));
  EXPECT_EQ(HeadOf<PartHead>(sent_.back()).from_worker, 1u);
}

// ---- Requests

TEST_F(MessageRouterTest, ReplyGoesToTheAskerWithItsNumber) {
  EXPECT_TRUE(Ask(1, 2, 77).ok());
  EXPECT_EQ(HeadOf<DeliveryHead>(sent_[0]).request, 77u);
  EXPECT_EQ(router_.open_requests(), 1u);
  EXPECT_TRUE(Answer(2, 1, 77).ok());
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[1].to, 1u);
  EXPECT_EQ(HeadOf<DeliveryHead>(sent_[1]).request, 77u);
  EXPECT_EQ(HeadOf<DeliveryHead>(sent_[1]).is_reply, 1u);
  EXPECT_EQ(router_.open_requests(), 0u);
}

TEST_F(MessageRouterTest, RequestToNobodyIsGoneAtOnce) {
  EXPECT_TRUE(Ask(1, 9, 5).ok());
  ASSERT_EQ(Receivers(FrameType::kRequestFailed), Ids{1});
  const auto failure = HeadOf<RequestFailure>(sent_[0]);
  EXPECT_EQ(failure.request, 5u);
  EXPECT_EQ(failure.status, CLUSTER_E_GONE);
}

TEST_F(MessageRouterTest, DeathOfTheAskedFailsAllItOwes) {
  EXPECT_TRUE(Ask(1, 2, 5).ok());
  EXPECT_TRUE(Ask(3, 2, 6).ok());
  EXPECT_TRUE(Ask(1, 4, 7).ok());
  router_.Remove(2);
  EXPECT_EQ(Receivers(FrameType::kRequestFailed), (Ids{1, 3}));
  EXPECT_EQ(HeadOf<RequestFailure>(sent_.back()).status, CLUSTER_E_GONE);
  EXPECT_EQ(router_.open_requests(), 1u);
}

TEST_F(MessageRouterTest, DeathInTheReplyCutsItAndFailsTheRequest) {
  EXPECT_TRUE(Ask(1, 2, 5).ok());
  EXPECT_TRUE(Say(2,
                  {.to = MessageTo::kAsker,
                   .number = 1,
                   .request = 5,
                   .total_bytes = 4},
                  "ab")
                  .ok());
  EXPECT_EQ(router_.open_requests(), 1u);
  router_.Remove(2);
  EXPECT_EQ(Receivers(FrameType::kDeliveryCut), Ids{1});
  EXPECT_EQ(Receivers(FrameType::kRequestFailed), Ids{1});
}

TEST_F(MessageRouterTest, DeathOfTheAskerIsForgotten) {
  EXPECT_TRUE(Ask(1, 2, 5).ok());
  router_.Remove(1);
  EXPECT_EQ(router_.open_requests(), 0u);
  ASSERT_EQ(Receivers(FrameType::kForgotten), Ids{2});
  EXPECT_EQ(HeadOf<ForgetRequest>(sent_.back()).asker, 1u);
  EXPECT_EQ(HeadOf<ForgetRequest>(sent_.back()).request, 5u);
  EXPECT_TRUE(Answer(2, 1, 5).ok()) << "it could not know";
}

TEST_F(MessageRouterTest, LateReplyIsDropped) {
  EXPECT_TRUE(Ask(1, 2, 5).ok());
  EXPECT_TRUE(Forget(1, 5).ok());
  EXPECT_EQ(Receivers(FrameType::kForgotten), Ids{2});
  EXPECT_EQ(router_.open_requests(), 0u);
  sent_.clear();
  EXPECT_TRUE(Answer(2, 1, 5).ok());
  EXPECT_TRUE(sent_.empty());
}

// ---- Lies

TEST_F(MessageRouterTest, AnswerToAnothersRequestIsALie) {
  EXPECT_TRUE(Ask(1, 2, 5).ok());
  EXPECT_TRUE(absl::IsDataLoss(Answer(3, 1, 5)));
  EXPECT_EQ(router_.open_requests(), 1u);
}

TEST_F(MessageRouterTest, AnswerToNoRequestReachesNobody) {
  EXPECT_TRUE(Answer(3, 1, 5).ok());
  EXPECT_TRUE(sent_.empty());
}

TEST_F(MessageRouterTest, FramesThatMakeNoSenseAreRefused) {
  EXPECT_FALSE(router_.OnMessage(1, {}, {}).ok());
  EXPECT_FALSE(router_.OnForget(2, {}).ok());
  EXPECT_FALSE(Say(3, {.to = MessageTo{99}}, "x").ok());
  EXPECT_FALSE(SayPart(4, "x").ok());
  EXPECT_FALSE(Say(4, {.to = MessageTo::kOthers, .request = 1}, "x").ok());
}

TEST_F(MessageRouterTest, SizesAreBounded) {
  const MessageHead head = {.to = MessageTo::kWorker, .number = 2};
  MessageHead huge = head;
  huge.total_bytes = kMaxUserMessageBytes + 1;
  EXPECT_TRUE(absl::IsResourceExhausted(Say(1, huge, "x")));
  EXPECT_FALSE(Say(1, head, std::string(kMaxPartBytes + 1, 'x')).ok());
  EXPECT_FALSE(Say(1, head, "x", kMaxUserMessageFds + 1).ok());
  MessageHead small = head;
  small.total_bytes = 2;
  EXPECT_FALSE(Say(1, small, "abc").ok());
  EXPECT_TRUE(Say(3, small, "a").ok());
  EXPECT_FALSE(SayPart(3, "bc").ok());
  EXPECT_FALSE(Say(3, small, "a").ok()) << "a message within another";
  EXPECT_TRUE(Say(4, head, "x", kMaxUserMessageFds).ok());
}

TEST_F(MessageRouterTest, WorkerThatEndsWithinAMessageToItselfGetsNoCut) {
  const MessageHead head = {
      .to = MessageTo::kWorker, .number = 1, .total_bytes = 2};
  EXPECT_TRUE(Say(1, head, "a").ok());
  sent_.clear();
  router_.Remove(1);
  EXPECT_TRUE(sent_.empty());
}

TEST_F(MessageRouterTest, MessageThatWasRefusedIsNotCut) {
  EXPECT_TRUE(Ask(1, 1, 7).ok());
  EXPECT_FALSE(Ask(1, 2, 7).ok()) << "the number is in use";
  sent_.clear();
  router_.Remove(1);
  EXPECT_TRUE(Receivers(FrameType::kDeliveryCut).empty());
}

TEST_F(MessageRouterTest, StuckWorkerThatAsksNobodyForEverIsCutOff) {
  constexpr uint32_t kNobody = 99;
  ASSERT_TRUE(Ask(1, kNobody, 1).ok());
  router_.Tick();
  router_.Tick();
  uint64_t asked = 1;
  while (asked < 100'000 && Ask(1, kNobody, asked + 1).ok()) ++asked;
  EXPECT_LT(asked, 2 * kMessageWindowBytes / sizeof(MessageHead));
  EXPECT_LE(router_.WaitingBytes(1), 2 * kMessageWindowBytes);
}

TEST_F(MessageRouterTest, RequestsAreBounded) {
  for (uint64_t i = 1; i <= kMaxOpenRequests; ++i) {
    ASSERT_TRUE(Ask(1, 2, i).ok());
    if (i % 1000 == 0) ReadAll();
  }
  ReadAll();
  EXPECT_TRUE(absl::IsResourceExhausted(Ask(1, 2, kMaxOpenRequests + 1)));
  EXPECT_TRUE(Ask(3, 2, 1).ok());
  EXPECT_FALSE(Ask(3, 2, 1).ok()) << "the number is in use";
}

}  // namespace
}  // namespace cluster
