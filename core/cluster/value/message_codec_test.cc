#include "core/cluster/value/message_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "core/cluster/value/value.h"

namespace cluster {
namespace {

using Bytes = std::vector<std::byte>;

Value RoundTrip(const Value& value) {
  const auto bytes = EncodeMessage(value);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  auto decoded = DecodeMessage<Value>(*bytes);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return *std::move(decoded);
}

Value Nested(int depth) {
  Value value = Value::List{};
  for (int i = 1; i < depth; ++i) {
    if (i % 2 == 0) {
      value = Value::Map{{"k", std::move(value)}};
    } else {
      value = Value::List{std::move(value), "beside"};
    }
  }
  return value;
}

// An archive written by hand: what an enemy may send.
class Forged {
 public:
  Forged() : bytes_{std::byte{1}} {}
  Forged& Kind(int kind) {
    bytes_.push_back(std::byte(kind));
    return *this;
  }
  Forged& Size(uint64_t size) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(std::byte(size >> (8 * i)));
    return *this;
  }
  Forged& Text(std::string_view text) {
    Size(text.size());
    for (const char c : text) bytes_.push_back(std::byte(c));
    return *this;
  }
  absl::Status Read() const { return DecodeMessage<Value>(bytes_).status(); }

 private:
  Bytes bytes_;
};

TEST(MessageCodecTest, EveryKindComesBackAsItWas) {
  const Value values[] = {
      nullptr,
      true,
      false,
      0,
      -1,
      std::numeric_limits<int64_t>::min(),
      std::numeric_limits<int64_t>::max(),
      0.1,
      std::numeric_limits<double>::infinity(),
      std::numeric_limits<double>::denorm_min(),
      "",
      "text",
      std::string("with \0 in it", 12),
      "\xff\xfe no UTF-8 \xc3",
      Value::Bytes{},
      Value::Bytes{std::byte{0}, std::byte{0xff}},
      Value::List{},
      Value::List{1, "two", nullptr, Value::List{}},
      Value::Map{},
      Value::Map{{"", 1}, {std::string("\0", 1), 2}, {"a", Value::Map{}}},
  };
  for (const Value& value : values) {
    const Value back = RoundTrip(value);
    EXPECT_EQ(back, value) << value.DebugText();
    EXPECT_EQ(back.kind(), value.kind()) << value.DebugText();
  }
}

TEST(MessageCodecTest, DoublesComeBackToTheBit) {
  for (const double number :
       {-0.0,
        std::numeric_limits<double>::quiet_NaN(),
        std::bit_cast<double>(uint64_t{0x7ff8'0000'dead'beef}),
        std::bit_cast<double>(uint64_t{0xfff0'0000'0000'0001})}) {
    const Value back = RoundTrip(number);
    EXPECT_EQ(std::bit_cast<uint64_t>(*back.As<double>()),
              std::bit_cast<uint64_t>(number));
  }
}

TEST(MessageCodecTest, EqualMapsAreEqualBytes) {
  EXPECT_EQ(*EncodeMessage(Value(Value::Map{{"a", 1}, {"b", 2}})),
            *EncodeMessage(Value(Value::Map{{"b", 2}, {"a", 1}})));
}

TEST(MessageCodecTest, SixtyFourDeepGoesAndSixtyFiveIsRefusedOnBothSides) {
  const Value deepest = Nested(64);
  EXPECT_EQ(RoundTrip(deepest), deepest);
  const auto refused = EncodeMessage(Nested(65));
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_EQ(refused.status().message(),
            "cannot be sent: a value whose lists and maps nest deeper than 64");

  Forged forged;
  for (int i = 0; i < 65; ++i) forged.Kind(6).Size(i == 64 ? 0 : 1);
  EXPECT_TRUE(absl::IsDataLoss(forged.Read()));
  Forged whole;
  for (int i = 0; i < 64; ++i) whole.Kind(6).Size(i == 63 ? 0 : 1);
  EXPECT_TRUE(whole.Read().ok());
}

TEST(MessageCodecTest, WhatIsForgedIsRefusedWithoutTakingMemory) {
  EXPECT_TRUE(absl::IsDataLoss(Forged().Read()));
  EXPECT_TRUE(absl::IsDataLoss(Forged().Kind(8).Read()));
  EXPECT_TRUE(absl::IsDataLoss(Forged().Kind(255).Read()));
  for (const int kind : {4, 5, 6, 7}) {
    EXPECT_TRUE(absl::IsDataLoss(Forged().Kind(kind).Size(UINT64_MAX).Read()));
    EXPECT_TRUE(absl::IsDataLoss(Forged().Kind(kind).Size(1).Read()));
    EXPECT_TRUE(absl::IsDataLoss(Forged().Kind(kind).Size(1 << 30).Read()));
  }
  EXPECT_TRUE(absl::IsDataLoss(Forged().Kind(0).Kind(0).Read())) << "a rest";
  EXPECT_TRUE(absl::IsDataLoss(Forged().Kind(1).Kind(2).Read())) << "a bool";
  EXPECT_TRUE(absl::IsDataLoss(DecodeMessage<Value>({}).status()));
}

TEST(MessageCodecTest, KeysAreInOrderAndOnce) {
  Forged forged;
  forged.Kind(7).Size(2).Text("a").Kind(0);
  Forged twice = forged, backwards = forged, fine = forged;
  EXPECT_TRUE(absl::IsDataLoss(twice.Text("a").Kind(0).Read()));
  EXPECT_TRUE(absl::IsDataLoss(backwards.Text("A").Kind(0).Read()));
  EXPECT_TRUE(fine.Text("b").Kind(0).Read().ok());
}

TEST(MessageCodecTest, TooManyValuesAreRefused) {
  Forged forged;
  forged.Kind(6).Size(Value::kMaxCount);
  for (size_t i = 0; i < Value::kMaxCount; ++i) forged.Kind(0);
  EXPECT_TRUE(absl::IsDataLoss(forged.Read()));
}

// ---- Types

struct Resize {
  uint32_t workers = 0;
  std::optional<std::string> why;
  Value more;
  bool operator==(const Resize&) const = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(workers, why, more);
  }
};

struct Throws {
  template <class Archive>
  void serialize(Archive&) {
    throw std::runtime_error("not today");
  }
};

TEST(MessageCodecTest, TypesComeBackAsTheyWere) {
  const Resize resize = {.workers = 8, .why = "load", .more = Nested(60)};
  EXPECT_EQ(*DecodeMessage<Resize>(*EncodeMessage(resize)), resize);
  using Message = std::variant<std::string, Resize, std::map<int, double>>;
  const Message message = resize;
  EXPECT_EQ(*DecodeMessage<Message>(*EncodeMessage(message)), message);
}

TEST(MessageCodecTest, AnotherTypeIsAStatus) {
  const auto bytes = *EncodeMessage(std::string("text"));
  EXPECT_TRUE(absl::IsDataLoss(DecodeMessage<uint64_t>(bytes).status()));
  EXPECT_TRUE(
      absl::IsDataLoss(DecodeMessage<std::vector<double>>(bytes).status()));
}

TEST(MessageCodecTest, WhatATypeThrowsIsAStatus) {
  const auto encoded = EncodeMessage(Throws());
  EXPECT_TRUE(absl::IsInvalidArgument(encoded.status()));
  EXPECT_EQ(encoded.status().message(), "cannot be sent: not today");
  const auto bytes = *EncodeMessage(uint8_t{1});
  EXPECT_TRUE(absl::IsDataLoss(DecodeMessage<Throws>(bytes).status()));
}

}  // namespace
}  // namespace cluster
