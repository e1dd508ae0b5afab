#include "core/cluster/message.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/cluster/typed_message.h"
#include "core/cluster/value/value.h"
#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

struct Resize {
  int workers = 0;
  std::string why;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(workers, why);
  }
};

std::string TextOf(const SharedBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.span().data()), bytes.size()};
}

Value DeepBy(int depth) {
  Value value;
  for (int i = 0; i < depth; ++i) {
    Value::List list;
    list.push_back(std::move(value));
    value = std::move(list);
  }
  return value;
}

TEST(MessageTest, IsMadeOfWhatAValueIsMadeOf) {
  EXPECT_EQ(*Message("text").value(), Value("text"));
  EXPECT_EQ(*Message(7).value(), Value(7));
  EXPECT_EQ(*Message(Value::List{1, "a", nullptr}).value(),
            Value(Value::List{1, "a", nullptr}));
  EXPECT_TRUE(Message().value()->is_null());
}

TEST(MessageTest, BytesAreAsTheyAre) {
  EXPECT_EQ(Message::of_bytes("raw").text(), "raw");
  EXPECT_TRUE(absl::IsDataLoss(Message::of_bytes("\xff").value().status()));
}

TEST(MessageTest, JsonTextIsAValueToo) {
  EXPECT_EQ(*Message::of_bytes(R"( {"port":80})").value(),
            Value(Value::Map{{"port", 80}}));
  EXPECT_TRUE(absl::IsDataLoss(Message::of_bytes("").value().status()));
  EXPECT_TRUE(absl::IsDataLoss(Message::of_bytes("{").value().status()));
}

TEST(MessageTest, WhatWasMadeOfAValueHasJson) {
  Message message(Value::List{"a", 7});
  const Message copied = message;
  Message assigned;
  assigned = message;
  const Message moved = std::move(message);
  for (const Message* each :
       std::vector<const Message*>{&copied, &assigned, &moved}) {
    ASSERT_TRUE(each->is_value());
    EXPECT_EQ(*Message::of_bytes(TextOf(*each->Json())).value(),
              Value(Value::List{"a", 7}));
  }
  EXPECT_EQ(TextOf(*Message("text").Json()), "\"text\"");
  EXPECT_TRUE(absl::IsInvalidArgument(Message("\xff").Json().status()));
}

TEST(MessageTest, OthersAreNoValuesThatGoAsJson) {
  const Message sent("a");
  const Message came(sent.bytes(), 3, Request());
  const Message copied = came;
  EXPECT_FALSE(came.is_value());
  EXPECT_FALSE(copied.is_value());
  EXPECT_FALSE(pack(7).is_value());
  EXPECT_FALSE(pack(Value(7)).is_value());
  EXPECT_FALSE(Message::of_bytes("7").is_value());
}

TEST(MessageTest, TypesOfTheProgramRoundTrip) {
  const Message message = pack(Resize{.workers = 8, .why = "load"});
  const absl::StatusOr<Resize> resize = unpack<Resize>(message);
  ASSERT_TRUE(resize.ok()) << resize.status();
  EXPECT_EQ(resize->workers, 8);
  EXPECT_EQ(resize->why, "load");
  EXPECT_TRUE(absl::IsDataLoss(unpack<Resize>(Message("x")).status()));
}

TEST(MessageTest, WhatCannotBeSentSaysWhy) {
  EXPECT_TRUE(Message(DeepBy(Value::kMaxDepth)).status().ok());
  EXPECT_TRUE(
      absl::IsInvalidArgument(Message(DeepBy(Value::kMaxDepth + 1)).status()));
}

TEST(MessageTest, CopiesOfOneThatCameHaveBytesOfTheirOwn) {
  std::string came = "came";
  const auto bytes = std::as_bytes(std::span(came.data(), came.size()));
  const Request request{.asker = 3, .number = 9};
  Message borrowed(bytes, 3, request);
  EXPECT_TRUE(borrowed.is_borrowed());
  Message assigned;
  assigned = borrowed;
  const Message copied = borrowed;
  const Message moved = std::move(borrowed);
  came = "gone";
  for (const Message* each :
       std::vector<const Message*>{&assigned, &copied, &moved}) {
    EXPECT_EQ(each->text(), "came");
    EXPECT_EQ(each->from(), 3u);
    EXPECT_EQ(each->request().number, 9u);
    EXPECT_FALSE(each->is_borrowed());
  }
}

TEST(MessageTest, CopiesShareTheBytes) {
  const Message message(std::string(1000, 'x'));
  const std::byte* const bytes = message.bytes().data();
  const Message copied = message;
  Message assigned;
  assigned = message;
  EXPECT_EQ(copied.bytes().data(), bytes);
  EXPECT_EQ(assigned.bytes().data(), bytes);
  EXPECT_EQ(message.Share().span().data(), bytes);
  EXPECT_FALSE(message.Share().is_sole());
}

TEST(MessageTest, MoveKeepsTheBytesWhereTheyAre) {
  Message message(std::string(1000, 'x'));
  const std::byte* const bytes = message.bytes().data();
  Message moved = std::move(message);
  EXPECT_EQ(moved.bytes().data(), bytes);
  Message assigned;
  assigned = std::move(moved);
  EXPECT_EQ(assigned.bytes().data(), bytes);
  EXPECT_TRUE(assigned.Share().span().data() == bytes);
}

// Strings take a shorter way to the same bytes.
TEST(MessageTest, TextIsAValueThatHoldsIt) {
  for (const std::string& text :
       {std::string(), std::string("text"), std::string(70'000, 'x')}) {
    EXPECT_EQ(Message(text).text(), Message(Value(text)).text());
    EXPECT_EQ(*Message(std::string_view(text)).value(), Value(text));
  }
  EXPECT_EQ(*Message("literal").value(), Value("literal"));
}

}  // namespace
}  // namespace cluster
