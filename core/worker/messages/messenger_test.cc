#include "core/worker/messages/messenger.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/control/messages.h"
#include "core/control/stepwise_free.h"
#include "core/control/testing/resident_bytes.h"
#include "core/control/user_message.h"
#include "core/worker/loop.h"
#include "ipc/frame.h"
#include "ipc/shared_bytes.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

size_t ResidentOfProcess() {
  size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

class MessengerTest : public ::testing::Test {
 protected:
  using Told = std::vector<std::string>;

  // Sends so many bytes to all others. What becomes of them is told by `name`.
  void Send(const std::string& name, size_t bytes) {
    const std::string text(bytes, 'x');
    const cluster_outgoing message = {.size = sizeof(cluster_outgoing),
                                      .to = CLUSTER_TO_OTHERS,
                                      .number = 0,
                                      .fd_count = 0,
                                      .payload = {text.data(), text.size()},
                                      .fds = nullptr};
    const auto done = [this, name](const absl::Status& status) {
      told_.push_back(name + " " + absl::StatusCodeToString(status.code()));
    };
    EXPECT_EQ(messenger_.Send(message, done), CLUSTER_OK);
  }

  // The primary brings a message in parts.
  template <class Head>
  void Bring(FrameType type, const Head& head, size_t bytes) {
    const auto begin = BytesOf(head);
    std::vector<std::byte> payload(begin.begin(), begin.end());
    payload.resize(payload.size() + bytes);
    EXPECT_TRUE(messenger_
                    .OnFrame({.type = static_cast<uint16_t>(type),
                              .payload = payload,
                              .fds = {}})
                    .ok());
  }
  void Begin(size_t total_bytes, uint64_t reply_to = 0) {
    Bring(FrameType::kDelivery,
          DeliveryHead{.from_worker = 7,
                       .request = reply_to,
                       .total_bytes = total_bytes,
                       .is_reply = reply_to != 0},
          0);
  }
  void Continue(size_t bytes) {
    for (size_t left = bytes; left > 0;) {
      const size_t part = std::min(left, kPart);
      Bring(FrameType::kDeliveryPart, PartHead{.from_worker = 7}, part);
      left -= part;
    }
  }

  // What of the message that was told, or is sent, has not been freed.
  size_t Left() const { return ResidentBytes(data_, kLarge); }
  void ExpectFreedInSteps() {
    EXPECT_GE(Left(), kLarge - kStep) << "not in the turn of the loop";
    int turns = 0;
    for (; Left() > kPart; ++turns) {
      const size_t before = Left();
      loop_->Dispatch();
      ASSERT_LT(Left(), before);
      EXPECT_LE(before - Left(), kStep + kPart);
    }
    EXPECT_GE(turns, 3);
  }
  static void OnMessage(void* test, const cluster_message* message) {
    static_cast<MessengerTest*>(test)->data_ =
        reinterpret_cast<const std::byte*>(message->payload.data);
  }
  static void OnReply(void* test,
                      cluster_status,
                      const cluster_message* message) {
    OnMessage(test, message);
  }

  static constexpr size_t kStep = StepwiseFree::kStepBytes;
  static constexpr size_t kLarge = 4 * kStep;
  static constexpr size_t kPart = size_t{1} << 20;

  const std::byte* data_ = nullptr;
  Told told_;
  uint64_t queued_ = 0;  // bytes
  std::unique_ptr<Loop> loop_ = *Loop::Create();
  Messenger messenger_{*loop_,
                       [this](auto, auto head, auto rest, auto) {
                         return queued_ += head.size() + rest.size();
                       },
                       [](const std::string&) {}};
};

TEST_F(MessengerTest, AtTheEndEachIsToldOnceThoughItWasNeverSent) {
  Send("written", 10);
  const uint64_t written = queued_;
  Send("queued", 10);
  Send("begun", 2 * kMessageWindowBytes);
  Send("held", 10);
  ASSERT_TRUE(messenger_.holds_messages());
  messenger_.OnWritten(written);
  messenger_.Close();
  messenger_.EndSent();
  const Told expected = {
      "written OK", "queued NOT_FOUND", "begun NOT_FOUND", "held NOT_FOUND"};
  EXPECT_EQ(told_, expected);
  messenger_.EndSent();
  EXPECT_EQ(told_, expected);
}

TEST_F(MessengerTest, LargeMessageIsFreedInSteps) {
  messenger_.OnMessage(&MessengerTest::OnMessage, this);
  Begin(kLarge);
  Continue(kLarge);
  ASSERT_NE(data_, nullptr);
  ExpectFreedInSteps();
}

TEST_F(MessengerTest, LargeReplyIsFreedInSteps) {
  const cluster_outgoing question = {.size = sizeof(cluster_outgoing),
                                     .to = CLUSTER_TO_PRIMARY,
                                     .number = 0,
                                     .fd_count = 0,
                                     .payload = {"?", 1},
                                     .fds = nullptr};
  ASSERT_EQ(
      messenger_.Request(question, 1'000'000, &MessengerTest::OnReply, this),
      CLUSTER_OK);
  Begin(kLarge, 1);
  Continue(kLarge);
  ASSERT_NE(data_, nullptr);
  ExpectFreedInSteps();
}

TEST_F(MessengerTest, WhoKeepsALargeMessageCopiesNothing) {
  struct Keeper {
    static void OnMessage(void* keeper, const cluster_message* message) {
      auto& self = *static_cast<Keeper*>(keeper);
      self.kept = self.messenger.large();
      EXPECT_EQ(self.kept.span().data(),
                reinterpret_cast<const std::byte*>(message->payload.data));
    }
    const Messenger& messenger;
    SharedBytes kept;
  };
  Keeper keeper{messenger_, {}};
  messenger_.OnMessage(&Keeper::OnMessage, &keeper);
  Begin(kLarge);
  Continue(kLarge);
  EXPECT_EQ(messenger_.large().size(), 0u) << "it was told";
  loop_->Dispatch();
  EXPECT_EQ(keeper.kept.size(), kLarge);
  EXPECT_TRUE(keeper.kept.is_sole()) << "it is the program's to free";
}

TEST_F(MessengerTest, WhatIsCutIsFreedInSteps) {
  // Its bytes are told to nobody: what all of the process has says it.
  Begin(2 * kLarge);
  Continue(kLarge);
  const size_t before = ResidentOfProcess();
  Bring(FrameType::kDeliveryCut, PartHead{.from_worker = 7}, 0);
  EXPECT_GE(ResidentOfProcess() + kStep, before);
  for (int i = 0; i < 4; ++i) loop_->Dispatch();
  EXPECT_LE(ResidentOfProcess(), before - kLarge + kStep);
}

TEST_F(MessengerTest, LargeBytesThatWereSentAreFreedInSteps) {
  SharedBytes bytes(std::vector<std::byte>(kLarge, std::byte{1}));
  data_ = bytes.span().data();
  const cluster_outgoing message = {
      .size = sizeof(cluster_outgoing),
      .to = CLUSTER_TO_PRIMARY,
      .number = 0,
      .fd_count = 0,
      .payload = {reinterpret_cast<const char*>(data_), kLarge},
      .fds = nullptr};
  ASSERT_EQ(messenger_.Send(message, {}, std::move(bytes)), CLUSTER_OK);
  while (messenger_.holds_messages()) {
    Bring(FrameType::kCredit, Credit{.bytes = kMessageWindowBytes}, 0);
  }
  ExpectFreedInSteps();
}

TEST_F(MessengerTest, RequestThatWaitsCopiesNothing) {
  const SharedBytes bytes(std::vector<std::byte>(2 * kMessageWindowBytes));
  const cluster_outgoing message = {
      .size = sizeof(cluster_outgoing),
      .to = CLUSTER_TO_PRIMARY,
      .number = 0,
      .fd_count = 0,
      .payload = {reinterpret_cast<const char*>(bytes.span().data()),
                  bytes.size()},
      .fds = nullptr};
  ASSERT_EQ(messenger_.Request(
                message, 1'000'000, &MessengerTest::OnReply, this, bytes),
            CLUSTER_OK);
  EXPECT_FALSE(bytes.is_sole());
}

}  // namespace
}  // namespace cluster
