#include "core/primary/messages/primary_mailbox.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/primary_mailbox_fixture.h"
#include "ipc/open_fds.h"
#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

// ---- Sending

TEST_F(PrimaryMailboxTest, SentMessageIsDoneWhenTheKernelHasIt) {
  const auto go_on =
      mailbox_.Send(2, MessagePayload("hi"), {.fds = {}, .done = Done()});
  EXPECT_EQ(go_on.value(), true);
  ASSERT_EQ(Receivers(FrameType::kDelivery), Ids{2});
  const auto head = HeadOf<DeliveryHead>(sent_[0]);
  EXPECT_EQ(head.from_worker, kPrimaryId);
  EXPECT_EQ(head.from_slot, kPrimarySlot);
  EXPECT_EQ(TextOf(sent_[0]), "hi");
  Turn();
  EXPECT_EQ(done_, Codes{});
  Written(2);
  EXPECT_EQ(done_, Codes{}) << "never from within";
  Turn();
  EXPECT_EQ(done_, Codes{absl::StatusCode::kOk});
  EXPECT_EQ(mailbox_.UnsentBytes(2), 0u);
  EXPECT_FALSE(router_.AnyWaits());
}

TEST_F(PrimaryMailboxTest, FalseMeansWaitAndTheMessageGoesAllTheSame) {
  const std::string text(20'000, 'x');
  size_t sent = 0;
  bool go_on = true;
  for (; go_on && sent < 100; ++sent) {
    go_on = mailbox_.Send(2, MessagePayload(text), {.fds = {}, .done = Done()})
                .value();
  }
  EXPECT_EQ(sent, 7u) << "128 KiB";
  Drain(2);
  EXPECT_EQ(Receivers(FrameType::kDelivery).size(), sent);
  EXPECT_EQ(done_, Codes(sent, absl::StatusCode::kOk));
}

TEST_F(PrimaryMailboxTest, WhatIsUnsentIsBoundedAndTheRestRefused) {
  const SharedBytes large(std::vector<std::byte>(size_t{60} << 20));
  const size_t before = OpenFds();
  EXPECT_FALSE(mailbox_.Send(2, MessagePayload(large)).value());
  EXPECT_FALSE(mailbox_.Send(2, MessagePayload(large)).value());
  MessageExtras extras = {.fds = SomeFds(1), .done = Done()};
  const auto refused =
      mailbox_.Send(2, MessagePayload(large), std::move(extras));
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status())) << refused.status();
  EXPECT_EQ(extras.fds.size(), 1u) << "they stay with who sends";
  EXPECT_EQ(OpenFds(), before + 1);
  Die(2);
  EXPECT_EQ(done_, Codes{}) << "a refusal calls nothing";
}

TEST_F(PrimaryMailboxTest, LargeMessageGoesInPartsThatOthersPass) {
  std::vector<std::byte> bytes(1'000'000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i * 7);
  const std::vector<std::byte> copy = bytes;
  EXPECT_FALSE(mailbox_
                   .Send(2,
                         MessagePayload(SharedBytes(std::move(bytes))),
                         {.fds = SomeFds(2), .done = Done()})
                   .value());
  EXPECT_LT(ends_[2], PrimaryOutbox::kMaxOnTheWayBytes + 2 * kMaxPartBytes);
  EXPECT_TRUE(Say(1, {.to = MessageTo::kWorker, .number = 2}, "other").ok());
  EXPECT_TRUE(mailbox_.Send(2, MessagePayload("behind")).ok());
  Drain(2);
  std::vector<std::byte> got;
  for (const Sent& sent : sent_) {
    if (sent.to != 2 || TextOf(sent) == "other" || TextOf(sent) == "behind") {
      continue;
    }
    const size_t head = sent.type == FrameType::kDelivery ? sizeof(DeliveryHead)
                                                          : sizeof(PartHead);
    EXPECT_EQ(sent.fds, got.empty() ? 2u : 0u);
    got.insert(
        got.end(), sent.payload.begin() + ptrdiff_t(head), sent.payload.end());
  }
  EXPECT_TRUE(got == copy);
  EXPECT_EQ(TextOf(sent_.back()), "behind");
  EXPECT_EQ(done_, Codes{absl::StatusCode::kOk});
}

TEST_F(PrimaryMailboxTest, NobodyAndTooMuchAreRefused) {
  EXPECT_TRUE(absl::IsNotFound(mailbox_.Send(9, MessagePayload("x")).status()));
  EXPECT_TRUE(absl::IsNotFound(
      mailbox_.Send(kPrimaryId, MessagePayload("x")).status()));
  const SharedBytes huge(std::vector<std::byte>(kMaxUserMessageBytes + 1));
  EXPECT_TRUE(
      absl::IsInvalidArgument(mailbox_.Send(2, MessagePayload(huge)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      mailbox_
          .Send(2,
                MessagePayload("x"),
                {.fds = SomeFds(kMaxUserMessageFds + 1), .done = nullptr})
          .status()));
}

TEST_F(PrimaryMailboxTest, DeathFailsAllThatIsUnsentOnceAndClosesIt) {
  const size_t before = OpenFds();
  const std::string text(100'000, 'x');
  ASSERT_TRUE(
      mailbox_.Send(2, MessagePayload("out"), {.fds = {}, .done = Done()})
          .ok());
  Written(2);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        mailbox_
            .Send(2, MessagePayload(text), {.fds = SomeFds(1), .done = Done()})
            .ok());
  }
  Die(2);
  Die(2);
  Turn();
  Codes expected = {absl::StatusCode::kOk};
  expected.resize(11, absl::StatusCode::kNotFound);
  EXPECT_EQ(done_, expected);
  EXPECT_EQ(OpenFds(), before);
  EXPECT_TRUE(absl::IsNotFound(mailbox_.Send(2, MessagePayload("x")).status()));
}

TEST_F(PrimaryMailboxTest, DoneMaySendWithoutEnd) {
  int left = 50;
  MessageDone again = [&](const absl::Status&) {
    if (--left > 0) {
      ASSERT_TRUE(
          mailbox_.Send(2, MessagePayload("x"), {.fds = {}, .done = again})
              .ok());
    }
  };
  ASSERT_TRUE(
      mailbox_.Send(2, MessagePayload("x"), {.fds = {}, .done = again}).ok());
  Written(2);
  Turn();
  EXPECT_EQ(left, 49) << "one a turn: others have theirs";
  Drain(2);
  EXPECT_EQ(left, 0);
}

TEST_F(PrimaryMailboxTest, AllGetItAndDoneIsOnce) {
  const size_t before = OpenFds();
  EXPECT_TRUE(
      mailbox_
          .SendToAll(MessagePayload("all"), {.fds = SomeFds(1), .done = Done()})
          .value());
  EXPECT_EQ(Receivers(FrameType::kDelivery), (Ids{1, 2, 3, 4}));
  for (const Sent& sent : sent_) EXPECT_EQ(sent.fds, 1u);
  EXPECT_EQ(OpenFds(), before);
  for (uint32_t id = 1; id <= 3; ++id) Drain(id);
  EXPECT_EQ(done_, Codes{});
  Drain(4);
  EXPECT_EQ(done_, Codes{absl::StatusCode::kOk});
}

TEST_F(PrimaryMailboxTest, OneThatEndsFailsAMessageToAll) {
  ASSERT_TRUE(
      mailbox_.SendToAll(MessagePayload("all"), {.fds = {}, .done = Done()})
          .ok());
  Die(1);
  for (uint32_t id = 2; id <= 4; ++id) Drain(id);
  EXPECT_EQ(done_, Codes{absl::StatusCode::kNotFound});
}

TEST_F(PrimaryMailboxTest, MessageToAllWhereNobodyIsIsDoneLater) {
  for (uint32_t id = 1; id <= 4; ++id) Die(id);
  EXPECT_TRUE(
      mailbox_.SendToAll(MessagePayload("all"), {.fds = {}, .done = Done()})
          .value());
  EXPECT_EQ(done_, Codes{});
  Turn();
  EXPECT_EQ(done_, Codes{absl::StatusCode::kOk});
}

TEST_F(PrimaryMailboxTest, WhatThePrimarySendsNeverMakesAWorkerPay) {
  const std::string text(100'000, 'x');
  ASSERT_TRUE(mailbox_.Send(2, MessagePayload(text)).ok());
  router_.Tick();
  router_.Tick();
  Drain(2);
  EXPECT_EQ(Receivers(FrameType::kCredit), Ids{});
}

TEST_F(PrimaryMailboxTest, AfterSentComesBehindAllThatWasSent) {
  std::vector<std::string> calls;
  mailbox_.AfterSent(2, [&] { calls.push_back("at once"); });
  EXPECT_EQ(calls, std::vector<std::string>{"at once"});
  const std::string large(1'000'000, 'x');
  ASSERT_TRUE(mailbox_.Send(2, MessagePayload(large)).ok());
  ASSERT_TRUE(mailbox_.Send(3, MessagePayload(large)).ok());
  mailbox_.AfterSent(2, [&] { calls.push_back("a"); });
  mailbox_.AfterSent(2, [&] { calls.push_back("b"); });
  mailbox_.AfterSent(3, [&] { calls.push_back("of who ends"); });
  Written(2);
  Turn();
  EXPECT_GT(mailbox_.UnsentBytes(2), 0u);
  EXPECT_EQ(calls.size(), 1u);
  Die(3);
  Drain(2);
  EXPECT_EQ(calls, (std::vector<std::string>{"at once", "a", "b"}));
}

TEST_F(PrimaryMailboxTest, AfterSentKeepsItsOrderWhateverIsCalledFirst) {
  std::vector<std::string> calls;
  ASSERT_TRUE(mailbox_
                  .Send(2,
                        MessagePayload("x"),
                        {.fds = {},
                         .done =
                             [&](const absl::Status&) {
                               mailbox_.AfterSent(
                                   2, [&] { calls.push_back("b"); });
                             }})
                  .ok());
  mailbox_.AfterSent(2, [&] { calls.push_back("a"); });
  Drain(2);
  EXPECT_EQ(calls, (std::vector<std::string>{"a", "b"}));
}

TEST_F(PrimaryMailboxTest, EndOfSendingRefusesTheNextAndKeepsTheLast) {
  const std::string large(1'000'000, 'x');
  ASSERT_TRUE(
      mailbox_.Send(2, MessagePayload(large), {.fds = {}, .done = Done()})
          .ok());
  mailbox_.EndSending(2);
  mailbox_.EndSending(9);
  MessageExtras extras = {.fds = SomeFds(1), .done = Done()};
  EXPECT_TRUE(absl::IsNotFound(
      mailbox_.Send(2, MessagePayload("x"), std::move(extras)).status()));
  EXPECT_EQ(extras.fds.size(), 1u) << "they stay with who sends";
  EXPECT_TRUE(absl::IsNotFound(mailbox_.Request(
      2, MessagePayload("x"), absl::InfiniteDuration(), Replied())));
  EXPECT_EQ(mailbox_.open_requests(), 0u);
  Drain(2);
  EXPECT_EQ(done_, Codes{absl::StatusCode::kOk});

  sent_.clear();
  ASSERT_TRUE(
      mailbox_.SendToAll(MessagePayload("all"), {.fds = {}, .done = Done()})
          .ok());
  EXPECT_EQ(Receivers(FrameType::kDelivery), (Ids{1, 3, 4}));
  for (const uint32_t id : {1, 3, 4}) Drain(id);
  EXPECT_EQ(done_, (Codes{absl::StatusCode::kOk, absl::StatusCode::kOk}));
}

// Whoever goes on sending holds it up no longer.
TEST_F(PrimaryMailboxTest, AfterSentWaitsForNothingThatIsSentLater) {
  int sent = 0;
  MessageDone again = [&](const absl::Status&) {
    ++sent;
    ASSERT_TRUE(
        mailbox_.Send(2, MessagePayload("x"), {.fds = {}, .done = again}).ok());
  };
  ASSERT_TRUE(
      mailbox_.Send(2, MessagePayload("x"), {.fds = {}, .done = again}).ok());
  bool called = false;
  mailbox_.AfterSent(2, [&] { called = true; });
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(called, turn > 0);
    Written(2);
    Turn();
  }
  EXPECT_EQ(sent, 3);
}

// So that no turn of the loop is spent on freeing 100 MB at once.
TEST_F(PrimaryMailboxTest, LargeBytesAreFreedByAndByOnceAllIsSent) {
  const size_t size = size_t{30} << 20;
  SharedBytes kept{std::vector<std::byte>(size, std::byte{1})};
  ASSERT_TRUE(mailbox_.SendToAll(MessagePayload(kept)).ok());
  for (uint32_t id = 1; id <= 4; ++id) Drain(id);
  EXPECT_TRUE(kept.is_sole()) << "nothing of it is held here";
  EXPECT_EQ(kept.span().back(), std::byte{1}) << "nor was it touched";

  SharedBytes given{std::vector<std::byte>(size, std::byte{1})};
  ASSERT_TRUE(mailbox_.SendToAll(MessagePayload(std::move(given))).ok());
  int turns = 0;
  for (uint32_t id = 1; id <= 4; ++id) Written(id);
  for (; called_soon_; ++turns) {
    Turn();
    for (uint32_t id = 1; id <= 4; ++id) Written(id);
  }
  EXPECT_GT(turns, 30 / 8);
}

TEST_F(PrimaryMailboxTest, CopyOfLargeBytesIsFreedByAndByToo) {
  const std::vector<std::byte> lent(size_t{30} << 20);
  ASSERT_TRUE(mailbox_.Send(2, MessagePayload(lent)).ok());
  while (mailbox_.UnsentBytes(2) > 0) {
    Written(2);
    Turn();
  }
  EXPECT_GE(TurnsThatFollow(), 3);
}

TEST_F(PrimaryMailboxTest, LargeBytesForWhoHasEndedAreFreedByAndBy) {
  SharedBytes given{std::vector<std::byte>(size_t{30} << 20)};
  ASSERT_TRUE(mailbox_.Send(2, MessagePayload(std::move(given))).ok());
  EXPECT_LE(TurnsThatFollow(), 1);
  Die(2);
  EXPECT_GE(TurnsThatFollow(), 30 / 8);
}

}  // namespace
}  // namespace cluster
