// What the primary asks, is asked and is told.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/primary_mailbox_fixture.h"
#include "ipc/open_fds.h"
#include "ipc/shared_bytes.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// ---- Asking

TEST_F(PrimaryMailboxTest, ReplyComesToWhoAsked) {
  ASSERT_TRUE(
      mailbox_.Request(2, MessagePayload("how"), absl::Seconds(1), Replied())
          .ok());
  const uint64_t request = HeadOf<DeliveryHead>(sent_[0]).request;
  EXPECT_NE(request, 0u);
  EXPECT_TRUE(Answer(2, kPrimaryId, request).ok());
  EXPECT_TRUE(mailbox_.ReadInbox().ok());
  EXPECT_EQ(replies_, std::vector<std::string>{"!"});
  EXPECT_TRUE(Answer(2, kPrimaryId, request).ok()) << "nobody waits";
  EXPECT_TRUE(mailbox_.ReadInbox().ok());
  EXPECT_EQ(replies_.size(), 1u);
  EXPECT_EQ(mailbox_.open_requests(), 0u);
  EXPECT_EQ(router_.open_requests(), 0u);
}

TEST_F(PrimaryMailboxTest, AnswerOfAnotherIsALie) {
  ASSERT_TRUE(
      mailbox_
          .Request(2, MessagePayload("?"), absl::InfiniteDuration(), Replied())
          .ok());
  const uint64_t request = HeadOf<DeliveryHead>(sent_[0]).request;
  EXPECT_TRUE(absl::IsDataLoss(Answer(3, kPrimaryId, request)));
  EXPECT_TRUE(Answer(3, kPrimaryId, request + 1).ok());
  EXPECT_TRUE(mailbox_.ReadInbox().ok());
  EXPECT_TRUE(replies_.empty());
}

// Of more nanoseconds than there are numbers.
TEST_F(PrimaryMailboxTest, VeryLongTimeoutIsNone) {
  ASSERT_TRUE(
      mailbox_
          .Request(2, MessagePayload("?"), absl::Hours(9'999'999), Replied())
          .ok());
  EXPECT_EQ(wake_at_ns_, 0);
  mailbox_.OnTime();
  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(mailbox_.open_requests(), 1u);
}

TEST_F(PrimaryMailboxTest, RequestsEndInTheOrderOfTheirDeadlines) {
  for (const int seconds : {3, 1, 2}) {
    ASSERT_TRUE(
        mailbox_
            .Request(2, MessagePayload("?"), absl::Seconds(seconds), Replied())
            .ok());
  }
  EXPECT_EQ(wake_at_ns_, 1'000 + 1'000'000'000);
  now_ns_ = wake_at_ns_;
  mailbox_.OnTime();
  EXPECT_EQ(replies_, std::vector<std::string>{"DEADLINE_EXCEEDED"});
  ASSERT_EQ(Receivers(FrameType::kForgotten), Ids{2});
  EXPECT_EQ(HeadOf<ForgetRequest>(sent_.back()).request,
            HeadOf<DeliveryHead>(sent_[1]).request);
  EXPECT_EQ(wake_at_ns_, 1'000 + 2'000'000'000);
  EXPECT_EQ(mailbox_.open_requests(), 2u);
  EXPECT_EQ(router_.open_requests(), 2u);
}

TEST_F(PrimaryMailboxTest, DeathOfTheAskedFailsTheRequestOnce) {
  for (const uint32_t worker : {2u, 3u}) {
    ASSERT_TRUE(mailbox_
                    .Request(worker,
                             MessagePayload("?"),
                             absl::Seconds(1),
                             Replied(),
                             {.fds = {}, .done = Done()})
                    .ok());
  }
  Die(2);
  EXPECT_EQ(replies_, std::vector<std::string>{"NOT_FOUND"});
  EXPECT_EQ(done_, Codes{absl::StatusCode::kNotFound});
  now_ns_ += 2'000'000'000;
  mailbox_.OnTime();
  EXPECT_EQ(replies_.size(), 2u);
}

TEST_F(PrimaryMailboxTest, OpenRequestsAreBounded) {
  for (size_t i = 0; i < kMaxOpenRequests; ++i) {
    ASSERT_TRUE(
        mailbox_.Request(2, MessagePayload(""), absl::Seconds(1), Replied())
            .ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(
      mailbox_.Request(2, MessagePayload(""), absl::Seconds(1), Replied())));
}

// ---- Being told and asked

TEST_F(PrimaryMailboxTest, MessagesComeInOrderWithTheirSender) {
  Hear();
  EXPECT_TRUE(Tell({}, "one").ok());
  EXPECT_TRUE(Tell({.total_bytes = 6}, "two").ok());
  EXPECT_TRUE(SayPart(1, "end").ok());
  EXPECT_TRUE(mailbox_.ReadInbox().ok());
  ASSERT_EQ(heard_.size(), 2u);
  EXPECT_EQ(heard_[0].worker, 1u);
  EXPECT_EQ(heard_[0].text, "one");
  EXPECT_EQ(heard_[1].text, "twoend");
}

TEST_F(PrimaryMailboxTest, DescriptorsAreTakenOrClosed) {
  const size_t before = OpenFds();
  Hear();
  EXPECT_TRUE(Tell({}, "left", 2).ok());
  EXPECT_EQ(OpenFds(), before);
  take_fds_ = true;
  EXPECT_TRUE(Tell({}, "taken", 2).ok());
  EXPECT_EQ(taken_.size(), 2u);
  taken_.clear();
  EXPECT_EQ(OpenFds(), before);
}

TEST_F(PrimaryMailboxTest, SenderThatDiesInAMessageLeavesNothing) {
  const size_t before = OpenFds();
  Hear();
  EXPECT_TRUE(Tell({.total_bytes = 6}, "two", 3).ok());
  EXPECT_EQ(OpenFds(), before + 3);
  Die(1);
  EXPECT_EQ(OpenFds(), before);
  EXPECT_TRUE(heard_.empty());
}

TEST_F(PrimaryMailboxTest, FloodingWorkerIsPaidBackAsItIsRead) {
  Hear();
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(Tell({}, std::string(1000, 'x')).ok());
    Read(1);
  }
  EXPECT_EQ(heard_.size(), 5'000u);
}

TEST_F(PrimaryMailboxTest, RequestIsAnsweredOnce) {
  Hear();
  EXPECT_TRUE(Tell({.request = 7}, "?").ok());
  ASSERT_EQ(heard_.size(), 1u);
  const RequestKey key = heard_[0].request;
  EXPECT_TRUE(mailbox_.Reply(key, MessagePayload("yes")).ok());
  const auto head = HeadOf<DeliveryHead>(sent_.back());
  EXPECT_EQ(head.request, 7u);
  EXPECT_EQ(head.is_reply, 1u);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      mailbox_.Reply(key, MessagePayload("again")).status()));
  EXPECT_EQ(router_.open_requests(), 0u);
}

TEST_F(PrimaryMailboxTest, RequestThatIsForgottenIsNotAnswered) {
  Hear();
  EXPECT_TRUE(Tell({.request = 7}, "?").ok());
  EXPECT_TRUE(Forget(1, 7).ok());
  EXPECT_TRUE(mailbox_.ReadInbox().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      mailbox_.Reply(heard_[0].request, MessagePayload("late")).status()));
  EXPECT_TRUE(Tell({.request = 8}, "?").ok());
  Die(1);
  EXPECT_TRUE(absl::IsNotFound(
      mailbox_.Reply(heard_[1].request, MessagePayload("late")).status()));
}

// ---- Nobody asks for messages yet

TEST_F(PrimaryMailboxTest, MessagesWaitForTheReceiver) {
  EXPECT_TRUE(Tell({}, "one", 1).ok());
  EXPECT_TRUE(Tell({.request = 7}, "two").ok());
  take_fds_ = true;
  Hear();
  ASSERT_EQ(heard_.size(), 2u);
  EXPECT_EQ(heard_[0].text, "one");
  EXPECT_EQ(heard_[1].request.request, 7u);
  EXPECT_TRUE(mailbox_.Reply(heard_[1].request, MessagePayload("yes")).ok());
}

TEST_F(PrimaryMailboxTest, WhatWaitsIsBoundedAndSaidOnce) {
  const size_t before = OpenFds();
  size_t kept = 0;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(Tell({.request = uint64_t(i) + 1}, "x", 1).ok());
    Read(1);
    if (OpenFds() > before + kept) ++kept;
  }
  EXPECT_EQ(kept, 63u) << "a MiB each";
  EXPECT_EQ(troubles_.size(), 1u);
  EXPECT_EQ(Receivers(FrameType::kRequestFailed).size(), 200 - kept);
  EXPECT_EQ(HeadOf<RequestFailure>(sent_.back()).status, CLUSTER_E_FULL);
  Hear();
  EXPECT_EQ(heard_.size(), kept);
  EXPECT_EQ(troubles_.size(), 2u) << "how many";
  EXPECT_EQ(OpenFds(), before);
}

// ---- Receivers of some workers' messages

TEST_F(PrimaryMailboxTest, MessagesWaitUntilTheirWorkerIsWanted) {
  std::set<uint32_t> wanted = {2};
  mailbox_.OnMessage([this](MailboxMessage& message) { Note(message); },
                     [&](uint32_t worker) { return wanted.count(worker) > 0; });
  ASSERT_TRUE(Tell({}, "a").ok());
  ASSERT_TRUE(Tell({}, "b").ok());
  ASSERT_TRUE(Say(2, {.to = MessageTo::kPrimary}, "of 2", 0).ok());
  ASSERT_TRUE(mailbox_.ReadInbox().ok());
  ASSERT_EQ(heard_.size(), 1u);
  EXPECT_EQ(heard_[0].text, "of 2");
  wanted.insert(1);
  mailbox_.LookAgain();
  EXPECT_EQ(heard_.size(), 1u) << "never from within";
  Turn();
  ASSERT_EQ(heard_.size(), 3u);
  EXPECT_EQ(heard_[1].text + heard_[2].text, "ab");
}

TEST_F(PrimaryMailboxTest, WhatNobodyWantsEndsWithItsWorker) {
  bool wanted = false;
  mailbox_.OnMessage([this](MailboxMessage& message) { Note(message); },
                     [&](uint32_t) { return wanted; });
  const size_t before = OpenFds();
  ASSERT_TRUE(Tell({}, "a", 1).ok());
  EXPECT_EQ(OpenFds(), before + 1);
  Die(1);
  EXPECT_EQ(OpenFds(), before);
  wanted = true;
  mailbox_.LookAgain();
  Turn();
  EXPECT_TRUE(heard_.empty());
}

TEST_F(PrimaryMailboxTest, WhatIsWantedComesBeforeItsWorkerEnds) {
  bool wanted = false;
  mailbox_.OnMessage([this](MailboxMessage& message) { Note(message); },
                     [&](uint32_t) { return wanted; });
  ASSERT_TRUE(Tell({}, "a").ok());
  wanted = true;
  mailbox_.LookAgain();
  Die(1);
  EXPECT_EQ(heard_.size(), 1u);
}

// ---- Large messages: no turn of the loop is spent on freeing or copying them

constexpr size_t kLarge = size_t{30} << 20;
constexpr int kSteps = 4;  // in which it is freed

TEST_F(PrimaryMailboxTest, LargeMessageThatCameIsFreedInSteps) {
  Hear();
  TellLarge(kLarge, kLarge);
  ASSERT_EQ(heard_.size(), 1u);
  EXPECT_GE(TurnsThatFollow(), kSteps);
}

TEST_F(PrimaryMailboxTest, LargeMessageThatIsCutIsFreedInSteps) {
  Hear();
  TellLarge(2 * kLarge, kLarge);
  EXPECT_EQ(TurnsThatFollow(), 0);
  Die(1);
  EXPECT_GE(TurnsThatFollow(), kSteps);
}

TEST_F(PrimaryMailboxTest, LargeMessageThatNobodyWantedIsFreedInSteps) {
  mailbox_.OnMessage([this](MailboxMessage& message) { Note(message); },
                     [](uint32_t) { return false; });
  TurnsThatFollow();
  TellLarge(kLarge, kLarge);
  EXPECT_EQ(TurnsThatFollow(), 0);
  Die(1);
  EXPECT_GE(TurnsThatFollow(), kSteps);
}

TEST_F(PrimaryMailboxTest, LargeMessageThatIsDroppedIsFreedInSteps) {
  TellLarge(2 * kLarge, 2 * kLarge);
  EXPECT_EQ(TurnsThatFollow(), 0) << "it waits";
  TellLarge(kLarge, kLarge);
  ASSERT_EQ(troubles_.size(), 1u);
  EXPECT_GE(TurnsThatFollow(), kSteps);
}

TEST_F(PrimaryMailboxTest, WhoKeepsALargeMessageOrSendsItOnCopiesNothing) {
  SharedBytes kept;
  mailbox_.OnMessage([&](MailboxMessage& message) {
    EXPECT_EQ(message.large.span().data(), message.bytes.data());
    kept = message.large;
    ASSERT_TRUE(mailbox_.Send(2, MessagePayload(message.large)).ok());
  });
  Turn();
  TellLarge(kLarge, kLarge);
  ASSERT_EQ(kept.size(), kLarge);
  Drain(2);
  EXPECT_TRUE(kept.is_sole()) << "it is the program's to free";
  EXPECT_EQ(kept.span().back(), std::byte{'x'});
}

}  // namespace
}  // namespace cluster
