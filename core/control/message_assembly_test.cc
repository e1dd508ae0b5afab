#include "core/control/message_assembly.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/user_message.h"
#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

class MessageAssemblyTest : public ::testing::Test {
 protected:
  template <class Head>
  static std::vector<std::byte> Payload(const Head& head,
                                        const std::string& text) {
    const auto bytes = BytesOf(head);
    std::vector<std::byte> payload(bytes.begin(), bytes.end());
    for (const char c : text) payload.push_back(std::byte(c));
    return payload;
  }
  absl::Status Begin(uint32_t from, uint64_t total, const std::string& text) {
    const DeliveryHead head = {.from_worker = from, .total_bytes = total};
    return assembly_.OnDelivery(Payload(head, text), {}, whole_);
  }
  absl::Status Continue(uint32_t from, const std::string& text) {
    const PartHead head = {.from_worker = from};
    return assembly_.OnPart(Payload(head, text), whole_);
  }
  // How much there was of it.
  size_t Cut(uint32_t from) {
    const PartHead head = {.from_worker = from};
    return assembly_.OnCut(BytesOf(head))->size();
  }

  std::vector<std::string> got_;
  const std::function<void(ReceivedMessage)> whole_ =
      [this](ReceivedMessage message) {
        EXPECT_TRUE(message.Keep());
        const auto bytes = message.bytes();
        got_.emplace_back(reinterpret_cast<const char*>(bytes.data()),
                          bytes.size());
      };
  MessageAssembly assembly_;
};

TEST_F(MessageAssemblyTest, PartsOfSeveralSendersBecomeTheirMessages) {
  EXPECT_TRUE(Begin(1, 6, "ab").ok());
  EXPECT_TRUE(Begin(2, 4, "").ok());
  EXPECT_TRUE(Begin(3, 5, "whole").ok());
  EXPECT_TRUE(Continue(1, "cd").ok());
  EXPECT_TRUE(Continue(2, "wxyz").ok());
  EXPECT_TRUE(Continue(1, "ef").ok());
  EXPECT_TRUE(Begin(1, 0, "").ok());
  EXPECT_EQ(got_, (std::vector<std::string>{"whole", "wxyz", "abcdef", ""}));
}

TEST_F(MessageAssemblyTest, WhatIsCutIsForgotten) {
  EXPECT_TRUE(Begin(1, 6, "ab").ok());
  EXPECT_EQ(Cut(1), 2u);
  EXPECT_EQ(Cut(1), 0u);
  EXPECT_TRUE(Begin(1, 4, "12").ok());
  EXPECT_TRUE(Continue(1, "34").ok());
  EXPECT_EQ(got_, std::vector<std::string>{"1234"});
}

TEST_F(MessageAssemblyTest, DescriptorsThatThePrimaryLostAreEmpty) {
  size_t count = 0;
  const auto whole = [&](ReceivedMessage message) {
    count = message.fds.size();
    EXPECT_FALSE(message.fds.back());
  };
  DeliveryHead head = {.from_worker = 1, .total_bytes = 2, .lost_fds = 2};
  EXPECT_TRUE(assembly_.OnDelivery(Payload(head, "ab"), {}, whole).ok());
  EXPECT_EQ(count, 2u);
  std::vector<UniqueFd> one(1);  // lost on the way from there
  EXPECT_TRUE(
      assembly_.OnDelivery(Payload(head, "ab"), std::move(one), whole).ok());
  EXPECT_EQ(count, 3u);
  head.lost_fds = kMaxUserMessageFds + 1;
  EXPECT_TRUE(
      absl::IsDataLoss(assembly_.OnDelivery(Payload(head, "ab"), {}, whole)));
}

TEST_F(MessageAssemblyTest, WhoSharesAMessageHasItsBytes) {
  SharedBytes shared;
  const std::byte* bytes = nullptr;
  const auto whole = [&](ReceivedMessage message) {
    bytes = message.bytes().data();
    shared = message.Share();
    EXPECT_EQ(message.bytes().data(), bytes);
    EXPECT_EQ(message.bytes().size(), 4u);
  };
  DeliveryHead head = {.from_worker = 1, .total_bytes = 4};
  EXPECT_TRUE(assembly_.OnDelivery(Payload(head, "ab"), {}, whole).ok());
  const PartHead part = {.from_worker = 1};
  EXPECT_TRUE(assembly_.OnPart(Payload(part, "cd"), whole).ok());
  EXPECT_EQ(shared.span().data(), bytes);
  EXPECT_TRUE(shared.is_sole());
  EXPECT_TRUE(assembly_.OnDelivery(Payload(head, "abcd"), {}, whole).ok());
  EXPECT_EQ(shared.size(), 0u) << "it was borrowed";
}

TEST_F(MessageAssemblyTest, NonsenseIsDataLoss) {
  EXPECT_TRUE(absl::IsDataLoss(assembly_.OnDelivery({}, {}, whole_)));
  EXPECT_TRUE(absl::IsDataLoss(assembly_.OnPart({}, whole_)));
  EXPECT_TRUE(absl::IsDataLoss(assembly_.OnCut({}).status()));
  EXPECT_TRUE(absl::IsDataLoss(Continue(1, "x")));
  EXPECT_TRUE(absl::IsDataLoss(Begin(1, 1, "xy")));
  EXPECT_TRUE(absl::IsDataLoss(Begin(1, kMaxUserMessageBytes + 1, "x")));
  EXPECT_TRUE(Begin(1, 4, "ab").ok());
  EXPECT_TRUE(absl::IsDataLoss(Continue(1, "cde")));
  EXPECT_TRUE(absl::IsDataLoss(Begin(1, 4, "ab")));
  EXPECT_TRUE(got_.empty());
}

}  // namespace
}  // namespace cluster
