#include "core/cluster/value/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace cluster {
namespace {

static_assert(!std::constructible_from<Value, uint64_t>,
              "it may not fit; the program is to say what it means");
static_assert(!std::constructible_from<Value, void*>, "no pointer is a bool");
static_assert(std::constructible_from<Value, uint32_t>);

const Value kConfig = Value::Map{{"port", 8080},
                                 {"hosts", Value::List{"a", "b"}},
                                 {"ratio", 0.5},
                                 {"tls", false},
                                 {"key", Value::Bytes{std::byte{0xab}}},
                                 {"none", nullptr}};

TEST(ValueTest, LiteralsHaveTheirKinds) {
  EXPECT_EQ(*kConfig["port"].As<int64_t>(), 8080);
  EXPECT_EQ(*kConfig["hosts"][1].As<std::string>(), "b");
  EXPECT_EQ(*kConfig["ratio"].As<double>(), 0.5);
  EXPECT_EQ(*kConfig["tls"].As<bool>(), false);
  EXPECT_EQ(kConfig["key"].As<Value::Bytes>()->size(), 1u);
  EXPECT_TRUE(kConfig["none"].is_null());
  EXPECT_EQ(kConfig.size(), 6u);
}

TEST(ValueTest, WhatIsNotThereIsNull) {
  EXPECT_TRUE(kConfig["absent"].is_null());
  EXPECT_TRUE(kConfig["hosts"][2].is_null());
  EXPECT_TRUE(kConfig[0].is_null());
  EXPECT_TRUE(Value(1)["x"]["y"].is_null());
  EXPECT_EQ(kConfig["port"].As<double>(), nullptr);
  EXPECT_EQ(Value("text").size(), 0u);
}

TEST(ValueTest, NumberIsEitherKindOfNumber) {
  EXPECT_EQ(Value(3).Number(), 3.0);
  EXPECT_EQ(Value(2.5).Number(), 2.5);
  EXPECT_EQ(Value("3").Number(), std::nullopt);
}

TEST(ValueTest, ItCanBeChangedInPlace) {
  Value value = kConfig;
  (*value.As<Value::Map>())["port"] = 9090;
  EXPECT_EQ(*value["port"].As<int64_t>(), 9090);
  EXPECT_EQ(*kConfig["port"].As<int64_t>(), 8080) << "a copy is its own";
}

TEST(ValueTest, KindsStayApart) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(0), Value(false));
  EXPECT_NE(Value(nullptr), Value(0));
  EXPECT_NE(Value("a"), Value(Value::Bytes{std::byte{'a'}}));
  EXPECT_NE(Value(Value::List{}), Value(Value::Map{}));
}

TEST(ValueTest, MapsAreOrderedByKeyHoweverTheyAreWritten) {
  EXPECT_EQ(Value(Value::Map{{"a", 1}, {"b", 2}}),
            Value(Value::Map{{"b", 2}, {"a", 1}}));
}

TEST(ValueTest, NanIsUnorderedAndZerosAreEqual) {
  const Value nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(nan, nan);
  EXPECT_EQ(nan <=> nan, std::partial_ordering::unordered);
  EXPECT_EQ(Value(-0.0), Value(0.0));
}

TEST(ValueTest, OrderIsByKindThenByContent) {
  EXPECT_LT(Value(nullptr), Value(false));
  EXPECT_LT(Value(9), Value(1.0));
  EXPECT_LT(Value(1), Value(2));
  EXPECT_LT(Value("a"), Value("b"));
  EXPECT_LT(Value(Value::List{1}), (Value(Value::List{1, 2})));
  EXPECT_LT(Value(Value::Map{{"a", 1}}), (Value(Value::Map{{"a", 2}})));
  EXPECT_GT(Value(Value::Map{{"b", 1}}), (Value(Value::Map{{"a", 2}})));
}

TEST(ValueTest, DebugTextIsLikeJson) {
  EXPECT_EQ(kConfig.DebugText(),
            "{\"hosts\": [\"a\", \"b\"], \"key\": b\"ab\", \"none\": null, "
            "\"port\": 8080, \"ratio\": 0.5, \"tls\": false}");
  EXPECT_EQ(Value(1.0).DebugText(), "1.0");
  EXPECT_EQ(Value(-0.0).DebugText(), "-0.0");
  EXPECT_EQ(Value(std::nan("")).DebugText(), "nan");
  EXPECT_EQ(Value("\"\\\n\x01\xff").DebugText(), R"("\"\\\n\x01\xff")");
}

TEST(ValueTest, DebugTextIsBounded) {
  EXPECT_EQ(Value("0123456789").DebugText(5), "\"0123...");
  EXPECT_EQ(Value(Value::List(1'000'000)).DebugText(7), "[null, ...");
  Value deep;
  for (int i = 0; i < 1'000; ++i) {
    Value::List list;
    list.push_back(std::move(deep));
    deep = std::move(list);
  }
  EXPECT_EQ(deep.DebugText(),
            std::string(64, '[') + std::string(64, ']') + "...");
}

}  // namespace
}  // namespace cluster
