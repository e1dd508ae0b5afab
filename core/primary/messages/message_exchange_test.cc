#include "core/primary/messages/message_exchange.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/control/data_path.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/connections/slot.h"
#include "core/primary/messages/message_window.h"
#include "core/primary/messages/primary_mailbox.h"
#include "core/primary/testing/said_worker.h"
#include "ipc/frame.h"

namespace cluster {
namespace {

class MessageExchangeTest : public ::testing::Test {
 protected:
  MessageExchangeTest() {
    exchange_.Add(worker_.process());
    exchange_.mailbox().Open();
    exchange_.mailbox().OnMessage(
        [this](MailboxMessage& came) { came_.push_back(came.bytes.size()); });
  }
  ~MessageExchangeTest() override { exchange_.Remove(worker_.process()); }

  // The worker says a message to the primary, in the midst of a turn.
  absl::Status Say(size_t bytes) {
    const MessageHead head = {.to = MessageTo::kPrimary, .total_bytes = bytes};
    const auto head_bytes = BytesOf(head);
    std::vector<std::byte> payload(head_bytes.begin(), head_bytes.end());
    payload.resize(payload.size() + bytes);
    Frame frame;
    frame.type = static_cast<uint16_t>(FrameType::kMessage);
    frame.payload = payload;
    return exchange_.OnFrame(worker_.process(), std::move(frame));
  }

  // What the worker has been sent.
  std::vector<FrameType> Told() {
    std::vector<FrameType> types;
    const absl::Status read = worker_.side().OnReadable([&](Frame frame) {
      types.push_back(static_cast<FrameType>(frame.type));
    });
    EXPECT_TRUE(read.ok()) << read;
    return types;
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<Slot> slot_ = *Slot::Create(0, 1, DataPath::kShare);
  SaidWorker worker_{io_, *slot_};
  MessageExchange exchange_{
      io_, [](const std::string& text) { ADD_FAILURE() << text; }};
  std::vector<size_t> came_;
};

// So that both work at the same time: else a sender whose window is full stands
// still while the primary reads, and the other way round.
TEST_F(MessageExchangeTest, RoomIsToldInTheMidstOfALongTurn) {
  constexpr size_t kBytes = size_t{64} << 10;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Say(kBytes).ok());
  EXPECT_EQ(Told(), std::vector<FrameType>());
  ASSERT_TRUE(Say(kBytes).ok());
  EXPECT_EQ(Told(), std::vector<FrameType>{FrameType::kCredit});
  EXPECT_EQ(came_, std::vector<size_t>(4, kBytes));
}

// What came before the last flush does not count again.
TEST_F(MessageExchangeTest, LessWaitsForTheEndOfTheTurn) {
  constexpr size_t kBytes = size_t{64} << 10;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Say(kBytes).ok());
  exchange_.OnTurnEnd();
  EXPECT_EQ(Told(), std::vector<FrameType>()) << "too little to tell";
  ASSERT_TRUE(Say(kBytes).ok());
  EXPECT_EQ(Told(), std::vector<FrameType>());
  exchange_.OnTurnEnd();
  EXPECT_EQ(Told(), std::vector<FrameType>{FrameType::kCredit});
}

}  // namespace
}  // namespace cluster
