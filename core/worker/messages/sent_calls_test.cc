#include "core/worker/messages/sent_calls.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace cluster {
namespace {

class SentCallsTest : public ::testing::Test {
 protected:
  SentCalls::Done Note(const std::string& name) {
    return [this, name](const absl::Status& status) {
      told_.push_back(name + (status.ok() ? " ok" : " failed"));
    };
  }
  using Told = std::vector<std::string>;

  SentCalls calls_;
  Told told_;
};

TEST_F(SentCallsTest, EachIsDueWhenItsEndIsWritten) {
  calls_.Add(10, Note("a"));
  calls_.Add(20, Note("b"));
  EXPECT_FALSE(calls_.OnWritten(9));
  EXPECT_TRUE(calls_.OnWritten(10));
  EXPECT_EQ(told_, Told{});
  calls_.RunDue();
  EXPECT_EQ(told_, Told{"a ok"});
  EXPECT_TRUE(calls_.OnWritten(25));
  calls_.RunDue();
  EXPECT_EQ(told_, (Told{"a ok", "b ok"}));
}

TEST_F(SentCallsTest, NoFunctionIsNoCall) {
  calls_.Add(10, nullptr);
  EXPECT_FALSE(calls_.OnWritten(10));
}

TEST_F(SentCallsTest, WhatACallAddsIsForTheNextTime) {
  calls_.Add(10, [this](const absl::Status&) {
    calls_.Add(20, Note("inner"));
    EXPECT_TRUE(calls_.OnWritten(20));
  });
  EXPECT_TRUE(calls_.OnWritten(10));
  calls_.RunDue();
  EXPECT_EQ(told_, Told{});
  calls_.RunDue();
  EXPECT_EQ(told_, Told{"inner ok"});
}

TEST_F(SentCallsTest, RestFailsWhenNothingIsWrittenAnyMore) {
  calls_.Add(10, Note("a"));
  calls_.Add(20, Note("b"));
  EXPECT_TRUE(calls_.OnWritten(10));
  calls_.FailRest(absl::NotFoundError("gone"));
  calls_.RunDue();
  EXPECT_EQ(told_, (Told{"b failed", "a ok"}));
}

}  // namespace
}  // namespace cluster
