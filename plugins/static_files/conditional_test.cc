#include "plugins/static_files/conditional.h"

#include <gtest/gtest.h>

#include "plugins/static_files/request.h"

namespace cluster::static_files {
namespace {

constexpr time_t kTime = 784'111'777;
constexpr char kThen[] = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr char kBefore[] = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr char kAfter[] = "Sun, 06 Nov 1994 08:49:38 GMT";

const Validators kFile = {"\"a\"", kTime};

Precondition Ask(std::string Request::* field, std::string value) {
  Request request;
  request.*field = std::move(value);
  return Evaluate(request, kFile);
}

TEST(ConditionalTest, WithoutFieldsProceeds) {
  EXPECT_EQ(Evaluate(Request(), kFile), Precondition::kProceed);
}

TEST(ConditionalTest, IfNoneMatchComparesWeakly) {
  for (const char* value : {"\"a\"",
                            "W/\"a\"",
                            "*",
                            " * ",
                            "\"b\", \"a\"",
                            "\"b\",\"a\"",
                            "\"x,y\" ,, W/\"a\"",
                            "\"a\", rubbish"}) {
    EXPECT_EQ(Ask(&Request::if_none_match, value), Precondition::kNotModified)
        << value;
  }
  for (const char* value : {"\"b\"",
                            "a",
                            "\"a",
                            "w/\"a\"",
                            "\"A\"",
                            "\"b\" \"a\"",
                            "rubbish, \"a\"",
                            "\"b,\"a\"",
                            ",",
                            "\"*\""}) {
    EXPECT_EQ(Ask(&Request::if_none_match, value), Precondition::kProceed)
        << value;
  }
}

TEST(ConditionalTest, IfMatchComparesStrongly) {
  EXPECT_EQ(Ask(&Request::if_match, "\"a\""), Precondition::kProceed);
  EXPECT_EQ(Ask(&Request::if_match, "*"), Precondition::kProceed);
  EXPECT_EQ(Ask(&Request::if_match, "\"b\", \"a\""), Precondition::kProceed);
  EXPECT_EQ(Ask(&Request::if_match, "W/\"a\""), Precondition::kFailed);
  EXPECT_EQ(Ask(&Request::if_match, "\"b\""), Precondition::kFailed);
}

TEST(ConditionalTest, IfModifiedSince) {
  const auto field = &Request::if_modified_since;
  EXPECT_EQ(Ask(field, kThen), Precondition::kNotModified);
  EXPECT_EQ(Ask(field, kAfter), Precondition::kNotModified);
  EXPECT_EQ(Ask(field, kBefore), Precondition::kProceed);
  EXPECT_EQ(Ask(field, "yesterday"), Precondition::kProceed);
}

TEST(ConditionalTest, IfUnmodifiedSince) {
  const auto field = &Request::if_unmodified_since;
  EXPECT_EQ(Ask(field, kThen), Precondition::kProceed);
  EXPECT_EQ(Ask(field, kAfter), Precondition::kProceed);
  EXPECT_EQ(Ask(field, kBefore), Precondition::kFailed);
  EXPECT_EQ(Ask(field, "yesterday"), Precondition::kProceed);
}

TEST(ConditionalTest, TagsComeBeforeDates) {
  Request request;
  request.if_none_match = "\"b\"";
  request.if_modified_since = kAfter;
  EXPECT_EQ(Evaluate(request, kFile), Precondition::kProceed);
  request = {};
  request.if_match = "\"a\"";
  request.if_unmodified_since = kBefore;
  EXPECT_EQ(Evaluate(request, kFile), Precondition::kProceed);
}

TEST(ConditionalTest, FailureComesBeforeNotModified) {
  Request request;
  request.if_match = "\"b\"";
  request.if_none_match = "\"a\"";
  EXPECT_EQ(Evaluate(request, kFile), Precondition::kFailed);
}

TEST(ConditionalTest, IfRangeIsStrong) {
  EXPECT_TRUE(IfRangeHolds("", kFile, kTime + 1));
  EXPECT_TRUE(IfRangeHolds("\"a\"", kFile, kTime + 1));
  EXPECT_TRUE(IfRangeHolds(kThen, kFile, kTime + 1));
  EXPECT_FALSE(IfRangeHolds("W/\"a\"", kFile, kTime + 1));
  EXPECT_FALSE(IfRangeHolds("\"b\"", kFile, kTime + 1));
  EXPECT_FALSE(IfRangeHolds("*", kFile, kTime + 1));
  EXPECT_FALSE(IfRangeHolds(kBefore, kFile, kTime + 1));
  EXPECT_FALSE(IfRangeHolds(kAfter, kFile, kTime + 1));
  EXPECT_FALSE(IfRangeHolds("nonsense", kFile, kTime + 1));
  // It may have changed twice within the second.
  EXPECT_FALSE(IfRangeHolds(kThen, kFile, kTime));
}

TEST(ConditionalTest, TagTellsSizeTimeAndInode) {
  const auto tag = [](uint64_t size, timespec mtime, ino_t inode) {
    return ValidatorsOf(size, mtime, inode, kTime).etag;
  };
  const std::string one = tag(1, {2, 3}, 4);
  EXPECT_EQ(one, tag(1, {2, 3}, 4));
  EXPECT_NE(one, tag(2, {2, 3}, 4));
  EXPECT_NE(one, tag(1, {3, 3}, 4));
  EXPECT_NE(one, tag(1, {2, 4}, 4));
  EXPECT_NE(one, tag(1, {2, 3}, 5));
  EXPECT_TRUE(one.starts_with('"') && one.ends_with('"'));
}

TEST(ConditionalTest, LastModifiedIsNotInTheFuture) {
  EXPECT_EQ(ValidatorsOf(1, {kTime + 9, 0}, 1, kTime).last_modified, kTime);
  EXPECT_EQ(ValidatorsOf(1, {kTime - 9, 0}, 1, kTime).last_modified, kTime - 9);
}

}  // namespace
}  // namespace cluster::static_files
