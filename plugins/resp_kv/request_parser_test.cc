#include "plugins/resp_kv/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace cluster::resp_kv {
namespace {

using Outcome = RequestParser::Outcome;
using Words = std::vector<std::string>;

// Takes all requests that are there.
std::vector<Words> TakeAll(RequestParser& parser) {
  std::vector<Words> all;
  std::vector<std::string_view> request;
  while (parser.Next(&request) == Outcome::kRequest) {
    all.emplace_back(request.begin(), request.end());
  }
  return all;
}

std::vector<Words> Parse(std::string_view bytes) {
  RequestParser parser;
  parser.Feed(bytes);
  return TakeAll(parser);
}

std::string ErrorOf(std::string_view bytes) {
  RequestParser parser;
  parser.Feed(bytes);
  TakeAll(parser);
  return parser.error();
}

TEST(RequestParserTest, ReadsArraysOfBulkStrings) {
  EXPECT_EQ(Parse("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"),
            (std::vector<Words>{{"GET", "k"}}));
  EXPECT_EQ(Parse("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n"),
            (std::vector<Words>{{"SET", "", "a\r\nb"}}));
}

TEST(RequestParserTest, ReadsPipelinedRequestsOfBothKinds) {
  EXPECT_EQ(Parse("*1\r\n$4\r\nPING\r\nPING\r\n\r\n*1\r\n$4\r\nQUIT\r\n"),
            (std::vector<Words>{{"PING"}, {"PING"}, {"QUIT"}}));
}

TEST(RequestParserTest, EmptyRequestsArePassedOver) {
  EXPECT_EQ(Parse("*0\r\n*-1\r\n\r\n  \r\nPING\n"),
            (std::vector<Words>{{"PING"}}));
}

TEST(RequestParserTest, PiecesGiveTheSameAsTheWhole) {
  const std::string bytes =
      "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\nPING 'a b'\r\n"
      "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
  const std::vector<Words> whole = Parse(bytes);
  ASSERT_EQ(whole.size(), 3u);
  for (size_t piece = 1; piece < 9; ++piece) {
    RequestParser parser;
    std::vector<Words> all;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      parser.Feed(std::string_view(bytes).substr(at, piece));
      for (Words& words : TakeAll(parser)) all.push_back(std::move(words));
    }
    EXPECT_EQ(all, whole) << piece;
    EXPECT_EQ(parser.buffered_bytes(), 0u);
  }
}

TEST(RequestParserTest, InlineWordsMayBeQuoted) {
  EXPECT_EQ(Parse("SET \"a b\\n\\x41\\\"\" 'it\\'s \\n'\r\n"),
            (std::vector<Words>{{"SET", "a b\nA\"", "it's \\n"}}));
  EXPECT_EQ(ErrorOf("SET \"a\r\n"),
            "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(ErrorOf("SET \"a\"b\r\n"),
            "Protocol error: unbalanced quotes in request");
}

TEST(RequestParserTest, ErrorsAreWordedAsRedisDoes) {
  EXPECT_EQ(ErrorOf("*x\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*1000000\r\n"),
            "Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*99999999999999999999\r\n"),
            "Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\n:1\r\n"), "Protocol error: expected '$', got ':'");
  EXPECT_EQ(ErrorOf("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$16777217\r\n"),
            "Protocol error: invalid bulk length");
  EXPECT_EQ(ErrorOf(std::string(70'000, 'x')),
            "Protocol error: too big inline request");
  EXPECT_EQ(ErrorOf("*" + std::string(70'000, '1')),
            "Protocol error: too big mbulk count string");
  EXPECT_EQ(ErrorOf("*1\r\n$" + std::string(70'000, '1')),
            "Protocol error: too big bulk count string");
  EXPECT_EQ(ErrorOf("*1\r\n$1\r\nabc"),
            "Protocol error: expected CRLF behind a bulk string");
}

TEST(RequestParserTest, NothingComesAfterAnError) {
  RequestParser parser;
  std::vector<std::string_view> request;
  parser.Feed("PING\r\n*x\r\nPING\r\n");
  EXPECT_EQ(parser.Next(&request), Outcome::kRequest);
  EXPECT_EQ(parser.Next(&request), Outcome::kError);
  parser.Feed("PING\r\n");
  EXPECT_EQ(parser.Next(&request), Outcome::kError);
}

TEST(RequestParserTest, TooBigRequestIsRefusedBeforeItIsHeld) {
  const std::string bulk(RequestParser::kMaxBulkBytes, 'x');
  RequestParser parser;
  std::vector<std::string_view> request;
  parser.Feed("*4\r\n");
  for (int i = 0; i < 2; ++i) {
    parser.Feed("$" + std::to_string(bulk.size()) + "\r\n" + bulk + "\r\n");
    ASSERT_EQ(parser.Next(&request), Outcome::kNeedMore);
  }
  parser.Feed("$" + std::to_string(bulk.size()) + "\r\n");
  EXPECT_EQ(parser.Next(&request), Outcome::kError);
  EXPECT_EQ(parser.error(), "Protocol error: too big request");
}

TEST(RequestParserTest, WaitsForTheRestOfLargeRequest) {
  RequestParser parser;
  std::vector<std::string_view> request;
  parser.Feed("*2\r\n$4\r\nECHO\r\n$100000\r\n");
  const std::string piece(1000, 'y');
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(parser.Next(&request), Outcome::kNeedMore);
    parser.Feed(piece);
  }
  ASSERT_EQ(parser.Next(&request), Outcome::kNeedMore);
  parser.Feed("\r\nPING\r\n");
  ASSERT_EQ(parser.Next(&request), Outcome::kRequest);
  EXPECT_EQ(request[1].size(), 100'000u);
  ASSERT_EQ(parser.Next(&request), Outcome::kRequest);
  EXPECT_EQ(request[0], "PING");
}

}  // namespace
}  // namespace cluster::resp_kv
