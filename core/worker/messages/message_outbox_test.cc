#include "core/worker/messages/message_outbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/stepwise_free.h"
#include "core/control/user_message.h"
#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

class MessageOutboxTest : public ::testing::Test {
 protected:
  struct Sent {
    FrameType type;
    std::string head;
    std::string rest;
    size_t fds;
  };

  static std::string Text(MessageOutbox::Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  bool Add(const std::string& text, size_t fd_count = 0) {
    std::vector<UniqueFd> fds;
    for (size_t i = 0; i < fd_count; ++i) {
      fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    return outbox_.Add({.to = MessageTo::kOthers},
                       std::as_bytes(std::span(text)),
                       std::move(fds));
  }
  // Uses the window up. Returns how much is on the way.
  uint64_t Fill() {
    while (outbox_.empty()) Add(std::string(1000, 'x'));
    return on_the_way_;
  }

  std::vector<Sent> sent_;
  uint64_t on_the_way_ = 0;
  StepwiseFree free_;
  MessageOutbox outbox_{
      free_,
      [this](FrameType type,
             MessageOutbox::Bytes head,
             MessageOutbox::Bytes rest,
             std::vector<UniqueFd> fds) {
        sent_.push_back({type, Text(head), Text(rest), fds.size()});
        on_the_way_ += MessageCost(head.size() + rest.size(), fds.size());
        return sent_.size();
      }};
};

TEST_F(MessageOutboxTest, WhatWaitsIsSharedWhereItCanBe) {
  const uint64_t on_the_way = Fill();
  const SharedBytes bytes{std::vector<std::byte>(5'000)};
  ASSERT_TRUE(
      outbox_.Add({.to = MessageTo::kOthers}, bytes.span(), {}, {}, bytes));
  EXPECT_FALSE(bytes.is_sole()) << "a copy is held";
  outbox_.OnCredit(on_the_way);
  EXPECT_EQ(sent_.back().rest.size(), 5'000u);
  EXPECT_TRUE(bytes.is_sole());
}

TEST_F(MessageOutboxTest, SmallMessageGoesAtOnce) {
  EXPECT_TRUE(Add("hello", 2));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].type, FrameType::kMessage);
  EXPECT_EQ(sent_[0].head.size(), sizeof(MessageHead));
  EXPECT_EQ(sent_[0].rest, "hello");
  EXPECT_EQ(sent_[0].fds, 2u);
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(MessageOutboxTest, EmptyMessageGoes) {
  EXPECT_TRUE(Add(""));
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(MessageOutboxTest, WindowIsKeptAndCreditOpensIt) {
  const uint64_t on_the_way = Fill();
  EXPECT_GE(on_the_way, kMessageWindowBytes);
  EXPECT_LT(on_the_way, kMessageWindowBytes + 2000);
  const size_t before = sent_.size();
  outbox_.OnCredit(on_the_way - kMessageWindowBytes);
  EXPECT_EQ(sent_.size(), before);
  outbox_.OnCredit(1);
  EXPECT_EQ(sent_.size(), before + 1);
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(MessageOutboxTest, LargeMessageGoesInPartsAndOthersBehindIt) {
  std::string large(3 * kMaxPartBytes + 5, 'a');
  large.back() = 'z';
  EXPECT_TRUE(Add(large, 1));
  EXPECT_TRUE(Add("behind"));
  ASSERT_EQ(sent_.size(), 5u);
  std::string whole = sent_[0].rest;
  EXPECT_EQ(sent_[0].fds, 1u);
  for (int i = 1; i < 4; ++i) {
    EXPECT_EQ(sent_[i].type, FrameType::kMessagePart);
    EXPECT_EQ(sent_[i].head, "");
    whole += sent_[i].rest;
  }
  EXPECT_EQ(whole, large);
  EXPECT_EQ(sent_[4].rest, "behind");
}

TEST_F(MessageOutboxTest, WhatIsHeldIsBounded) {
  Fill();
  const std::string text(1 << 20, 'x');
  size_t held = 1;
  while (Add(text)) ++held;
  EXPECT_LE(held, MessageOutbox::kMaxHeldBytes / text.size());
  EXPECT_GE(held, MessageOutbox::kMaxHeldBytes / text.size() - 2);
}

TEST_F(MessageOutboxTest, LargestMessageIsTakenWhenNothingIsHeld) {
  EXPECT_TRUE(Add(std::string(kMaxUserMessageBytes, 'x')));
  EXPECT_FALSE(Add("no more"));
  uint64_t credited = 0;
  while (!outbox_.empty()) {
    outbox_.OnCredit(on_the_way_ - std::exchange(credited, on_the_way_));
  }
  EXPECT_TRUE(Add("again"));
}

TEST_F(MessageOutboxTest, ForgettingWaitsBehindTheRequestAndIsNeverRefused) {
  const uint64_t on_the_way = Fill();
  while (Add(std::string(1 << 20, 'x'))) {
  }
  outbox_.AddForget(7);
  outbox_.OnCredit(on_the_way);
  uint64_t credited = on_the_way;
  while (!outbox_.empty()) {
    outbox_.OnCredit(on_the_way_ - std::exchange(credited, on_the_way_));
  }
  EXPECT_EQ(sent_.back().type, FrameType::kForget);
}

}  // namespace
}  // namespace cluster
