#include "core/cluster/value/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

std::string TextOf(const Value& value) {
  const absl::StatusOr<std::string> text = EncodeJson(value);
  return text.ok() ? *text : std::string(text.status().message());
}

// Null, and a failure, if it is refused.
Value ValueOf(std::string_view text) {
  const absl::StatusOr<Value> value = DecodeJson(text);
  EXPECT_TRUE(value.ok()) << text << ": " << value.status();
  return value.value_or(nullptr);
}

// By kDataLoss, whatever is wrong.
void ExpectRefused(std::string_view text) {
  const absl::StatusOr<Value> value = DecodeJson(text);
  EXPECT_TRUE(absl::IsDataLoss(value.status()))
      << text.substr(0, 100) << ": " << value.status();
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

TEST(JsonTest, TextHasNoSpacesAndKeysInOrder) {
  EXPECT_EQ(TextOf(Value::Map{{"port", 80}}), R"({"port":80})");
  EXPECT_EQ(TextOf(Value::Map{{"b", Value::List{1, 2.5, nullptr, true, "x"}},
                              {"a", Value::Map{}},
                              {"c", Value::List{}}}),
            R"({"a":{},"b":[1,2.5,null,true,"x"],"c":[]})");
}

TEST(JsonTest, EveryKindRoundTrips) {
  using Limits = std::numeric_limits<double>;
  const Value values[] = {
      nullptr,
      true,
      false,
      std::numeric_limits<int64_t>::min(),
      std::numeric_limits<int64_t>::max(),
      int64_t{9'007'199'254'740'993},  // no double is that
      0.1,
      80.0,
      -0.0,
      1e15,
      1e23,
      5e-324,
      Limits::max(),
      Limits::min(),
      1.0 + Limits::epsilon(),
      "",
      "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x9f \" \\ / \b\f\n\r\t \x01 \x7f",
      std::string("a\0b", 3),
      Value::List{1, "a", Value::List{}},
      Value::Map{{"", Value::Map{}}, {"a\"b", 1}, {std::string("\0", 1), 2}}};
  for (const Value& value : values) {
    const std::string text = TextOf(value);
    EXPECT_EQ(ValueOf(text), value) << text;
    EXPECT_EQ(ValueOf(text).kind(), value.kind()) << text;
  }
  EXPECT_TRUE(std::signbit(*ValueOf(TextOf(-0.0)).As<double>()));
}

TEST(JsonTest, WhatIsNotFiniteIsNull) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Value value = Value::List{std::nan(""), kInfinity, -kInfinity};
  EXPECT_EQ(TextOf(value), "[null,null,null]");
}

TEST(JsonTest, WhatJsonHasNotIsRefused) {
  const Value::Bytes bytes = {std::byte{7}};
  for (const Value& value : {
           Value(bytes),
           Value(Value::List{Value(bytes)}),
           Value("\xff"),
           Value("\xc3"),                  // cut
           Value("\xc0\x80"),              // longer than it need be
           Value("\xed\xa0\x80"),          // half of a pair
           Value("\xf4\x90\x80\x80"),      // beyond the last
           Value(Value::Map{{"\xff", 1}})  // a key
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(EncodeJson(value).status()))
        << value.DebugText();
  }
  EXPECT_THAT(TextOf(bytes), HasSubstr("bytes"));
  EXPECT_THAT(TextOf("\xff"), HasSubstr("UTF-8"));
}

TEST(JsonTest, DepthHasItsLimitBothWays) {
  const Value deepest = DeepBy(Value::kMaxDepth);
  EXPECT_EQ(ValueOf(TextOf(deepest)), deepest);
  EXPECT_TRUE(absl::IsInvalidArgument(
      EncodeJson(DeepBy(Value::kMaxDepth + 1)).status()));
  ExpectRefused("[" + TextOf(deepest) + "]");
  ExpectRefused("{\"a\":" + TextOf(deepest) + "}");
  ExpectRefused(std::string(1'000'000, '['));
}

TEST(JsonTest, OtherPeoplesText) {
  EXPECT_EQ(ValueOf(" \n{ \"a\" : [ 1 , 2 ] }\t"),
            Value(Value::Map{{"a", Value::List{1, 2}}}));
  EXPECT_EQ(ValueOf(R"("\u00fc\ud83d\ude00\/")"),
            Value("\xc3\xbc\xf0\x9f\x98\x80/"));
  EXPECT_EQ(ValueOf(R"({"a":1,"b":2,"a":3})"),
            Value(Value::Map{{"a", 3}, {"b", 2}}));
}

TEST(JsonTest, NumbersAreExactOrTheNearest) {
  EXPECT_EQ(ValueOf("9223372036854775807"),
            Value(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(ValueOf("9223372036854775808"), Value(9223372036854775808.0));
  EXPECT_EQ(ValueOf("-9223372036854775809"), Value(-9223372036854775809.0));
  EXPECT_EQ(ValueOf("1E2"), Value(100.0));
  // Where a reader that multiplies and rounds twice is off by a bit.
  EXPECT_EQ(ValueOf("0.3"), Value(0.3));
  EXPECT_EQ(ValueOf("8.41e21"), Value(8.41e21));
  EXPECT_EQ(ValueOf("9.5367431640625e-7"), Value(9.5367431640625e-7));
  EXPECT_EQ(ValueOf("2.2250738585072011e-308"), Value(2.2250738585072011e-308));
  EXPECT_EQ(ValueOf("1e400"), Value(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(ValueOf("1e-400"), Value(0.0));
  EXPECT_EQ(ValueOf(std::string(10'000, '9')),
            Value(std::numeric_limits<double>::infinity()));
  ExpectRefused("1e99999999999");
}

TEST(JsonTest, WhatIsNoJsonIsRefused) {
  for (const std::string_view text :
       {"",        " ",        "x",
        "nul",     "tru",      "[1",
        "[1,",     "[1,]",     "{\"a\"",
        "{\"a\":", "{\"a\":1", "{\"a\":1,}",
        "{a:1}",   "\"a",      "\"\\",
        "\"\\u12", "\"\\x\"",  "\"\n\"",
        "01",      "1.",       ".5",
        "+1",      "-",        "1e",
        "1 2",     "[] x",     "NaN",
        "'a'",     "// 1",     "\"\xff\"",
        "\"\xc3",  "[1]]",     "\"\\ud800\"",
        "{1:2}",   "\x01",     "\xef\xbb\xbf 1"}) {
    ExpectRefused(text);
  }
  ExpectRefused(std::string_view("1\0", 2));
}

// A few bytes each, and many times that in memory.
TEST(JsonTest, ValuesAreCounted) {
  std::string text = "[0";
  for (size_t i = 1; i < Value::kMaxCount; ++i) text += ",0";
  ExpectRefused(text + "]");
}

}  // namespace
}  // namespace cluster
