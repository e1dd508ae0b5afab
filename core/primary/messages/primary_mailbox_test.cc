#include "core/primary/messages/primary_mailbox.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/message_router.h"
#include "core/primary/messages/message_router_fixture.h"
#include "ipc/open_fds.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

using Codes = std::vector<absl::StatusCode>;

// Workers 1 to 4 and the primary.
class PrimaryMailboxTest : public MessageRouterTest,
                           public PrimaryMailbox::Carrier {
 protected:
  PrimaryMailboxTest() {
    for (uint32_t id = 1; id <= 4; ++id) mailbox_.Add(id);
    mailbox_.Open();
  }

  void QueueForPrimary(FrameType type,
                       Span head,
                       Span rest,
                       std::vector<UniqueFd> fds) override {
    mailbox_.inbox().Add(type, head, rest, std::move(fds));
  }
  uint64_t QueueOfPrimary(uint32_t to,
                          FrameType type,
                          Span head,
                          const MessagePayload& rest,
                          std::vector<UniqueFd> fds) override {
    return Queue(to, type, head, rest.span(), std::move(fds));
  }
  void CallSoon() override { called_soon_ = true; }
  void WakeAt(int64_t at_ns) override { wake_at_ns_ = at_ns; }
  int64_t NowNs() override { return now_ns_; }
  void Trouble(const std::string& text) override { troubles_.push_back(text); }

  void Hear() {
    mailbox_.OnMessage([this](MailboxMessage& message) {
      heard_.push_back({message.worker, TextOf(message), message.request});
      if (take_fds_) taken_ = std::move(message.fds);
    });
    Turn();
  }
  // One turn of the loop, if one was asked for.
  void Turn() {
    if (std::exchange(called_soon_, false)) mailbox_.OnTurn();
  }
  // Worker `from` says something to the primary.
  absl::Status Tell(MessageHead head, const std::string& text, size_t fds = 0) {
    head.to = MessageTo::kPrimary;
    const absl::Status status = Say(1, head, text, fds);
    EXPECT_TRUE(mailbox_.ReadInbox().ok());
    return status;
  }
  // The kernel takes all that was queued for `worker`.
  void Written(uint32_t worker) {
    Read(worker);
    mailbox_.OnWritten(worker, ends_[worker]);
  }
  void Die(uint32_t worker) {
    router_.Remove(worker);
    EXPECT_TRUE(mailbox_.ReadInbox().ok());
    mailbox_.Remove(worker);
  }
  // Lets the kernel take all that is held for `worker`.
  void Drain(uint32_t worker) {
    do {
      Written(worker);
      Turn();
    } while (mailbox_.UnsentBytes(worker) > 0 || called_soon_);
  }
  MessageDone Done() {
    return
        [this](const absl::Status& status) { done_.push_back(status.code()); };
  }
  PrimaryMailbox::Replied Replied() {
    return [this](absl::StatusOr<MailboxMessage> reply) {
      replies_.push_back(reply.ok()
                             ? TextOf(*reply)
                             : absl::StatusCodeToString(reply.status().code()));
    };
  }
  static std::string TextOf(const MailboxMessage& message) {
    return {reinterpret_cast<const char*>(message.bytes.data()),
            message.bytes.size()};
  }
  using MessageRouterTest::TextOf;

  struct Heard {
    uint32_t worker;
    std::string text;
    RequestKey request;
  };

  bool called_soon_ = false;
  bool take_fds_ = false;
  int64_t wake_at_ns_ = 0;
  int64_t now_ns_ = 1'000;
  std::vector<Heard> heard_;
  std::vector<UniqueFd> taken_;
  Codes done_;
  std::vector<std::string> replies_;
  PrimaryMailbox mailbox_{router_, *this};
};

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
  EXPECT_LT(ends_[2], OutgoingLane::kMaxOnTheWayBytes + 2 * kMaxPartBytes);
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

}  // namespace
}  // namespace cluster
