#include "plugins/static_files/request_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace cluster::static_files {
namespace {

using State = RequestReader::State;

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

// The state after `bytes` have come one by one, what is not used coming again.
State Drip(RequestReader& reader, const std::string& bytes) {
  State state = State::kNeedsMore;
  std::string unread;
  for (const char c : bytes) {
    unread += c;
    size_t used = 0;
    state = reader.Read(unread, &used);
    unread.erase(0, used);
    if (state != State::kNeedsMore) break;
  }
  return state;
}

// The status by which `bytes` are refused, at once and drop by drop; 0 if they
// are a request, -1 if more is awaited.
int Refusal(const std::string& bytes) {
  RequestReader at_once;
  RequestReader slowly;
  size_t used = 0;
  const State state = at_once.Read(bytes, &used);
  EXPECT_EQ(state, Drip(slowly, bytes)) << bytes.substr(0, 60);
  if (state == State::kNeedsMore) return -1;
  if (state == State::kComplete) return 0;
  EXPECT_EQ(at_once.refusal(), slowly.refusal()) << bytes.substr(0, 60);
  return at_once.refusal();
}

TEST(RequestReaderTest, ReadsRequest) {
  RequestReader reader;
  size_t used = 0;
  EXPECT_FALSE(reader.started());
  EXPECT_EQ(reader.Read(kGet, &used), State::kComplete);
  EXPECT_EQ(used, sizeof(kGet) - 1);
  EXPECT_EQ(reader.request().method, Method::kGet);
  EXPECT_EQ(reader.request().target, "/a");
  EXPECT_TRUE(reader.request().is_http11);
  EXPECT_TRUE(reader.request().keep_alive);
  EXPECT_FALSE(reader.request().has_unread_body);
}

TEST(RequestReaderTest, LeavesTheNextRequest) {
  RequestReader reader;
  const std::string two = std::string(kGet) + "HEAD /b HTTP/1.0\r\n\r\n";
  size_t used = 0;
  EXPECT_EQ(reader.Read(two, &used), State::kComplete);
  EXPECT_EQ(used, sizeof(kGet) - 1);
  reader.Reset();
  EXPECT_FALSE(reader.started());
  EXPECT_EQ(reader.Read(two.substr(used), &used), State::kComplete);
  EXPECT_EQ(reader.request().method, Method::kHead);
  EXPECT_EQ(reader.request().target, "/b");
  EXPECT_FALSE(reader.request().keep_alive);
}

TEST(RequestReaderTest, ReadsRequestThatComesByteByByte) {
  RequestReader reader;
  EXPECT_EQ(Drip(reader, std::string("\r\n\r\n") + kGet), State::kComplete);
  EXPECT_EQ(reader.request().target, "/a");
}

TEST(RequestReaderTest, EmptyLinesAreNoStart) {
  RequestReader reader;
  EXPECT_EQ(Drip(reader, "\r\n\r\n\r"), State::kNeedsMore);
  EXPECT_FALSE(reader.started());
}

TEST(RequestReaderTest, KeepsFields) {
  RequestReader reader;
  EXPECT_EQ(Drip(reader,
                 "GET / HTTP/1.1\r\nhost: x\r\nRANGE: bytes=0-1\r\n"
                 "If-Range: r\r\nIf-Match: m\r\nIf-None-Match: \"1\"\r\n"
                 "If-None-Match: \"2\"\r\nIf-Modified-Since: s\r\n"
                 "If-Unmodified-Since: u\r\nAccept-Encoding: gzip\r\n\r\n"),
            State::kComplete);
  const Request& request = reader.request();
  EXPECT_EQ(request.range, "bytes=0-1");
  EXPECT_EQ(request.if_range, "r");
  EXPECT_EQ(request.if_match, "m");
  EXPECT_EQ(request.if_none_match, "\"1\", \"2\"");
  EXPECT_EQ(request.if_modified_since, "s");
  EXPECT_EQ(request.if_unmodified_since, "u");
  EXPECT_EQ(request.accept_encoding, "gzip");
}

TEST(RequestReaderTest, ConnectionFieldDecides) {
  RequestReader close;
  Drip(close, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(close.request().keep_alive);
  RequestReader keep;
  Drip(keep, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  EXPECT_TRUE(keep.request().keep_alive);
}

TEST(RequestReaderTest, Methods) {
  const auto method = [](std::string name) {
    RequestReader reader;
    EXPECT_EQ(Drip(reader, name + " / HTTP/1.1\r\nHost: x\r\n\r\n"),
              State::kComplete);
    return reader.request().method;
  };
  EXPECT_EQ(method("OPTIONS"), Method::kOptions);
  EXPECT_EQ(method("POST"), Method::kOther);
  EXPECT_EQ(method("DELETE"), Method::kOther);
  EXPECT_EQ(method("BREW"), Method::kUnknown);
  EXPECT_EQ(method("get"), Method::kUnknown);
}

TEST(RequestReaderTest, BodyOfGetIsDropped) {
  for (const char* body : {"Content-Length: 5\r\n\r\nhello",
                           "Transfer-Encoding: chunked\r\n\r\n"
                           "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"}) {
    RequestReader reader;
    const std::string bytes =
        std::string("GET / HTTP/1.1\r\nHost: x\r\n") + body;
    size_t used = 0;
    EXPECT_EQ(reader.Read(bytes + kGet, &used), State::kComplete);
    EXPECT_EQ(used, bytes.size());
    EXPECT_FALSE(reader.request().has_unread_body);
    RequestReader slowly;
    EXPECT_EQ(Drip(slowly, bytes), State::kComplete);
  }
}

TEST(RequestReaderTest, BodyOfOthersIsNotAwaited) {
  for (const char* fields : {"Content-Length: 5",
                             "Content-Length: 999999999",
                             "Transfer-Encoding: chunked"}) {
    RequestReader reader;
    EXPECT_EQ(Drip(reader,
                   "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(fields) +
                       "\r\n\r\n"),
              State::kComplete);
    EXPECT_EQ(reader.request().method, Method::kOther);
    EXPECT_TRUE(reader.request().has_unread_body);
  }
}

TEST(RequestReaderTest, BodyThatAwaitsContinueIsNotAwaited) {
  RequestReader reader;
  EXPECT_EQ(Drip(reader,
                 "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                 "Expect: 100-Continue\r\n\r\n"),
            State::kComplete);
  EXPECT_TRUE(reader.request().has_unread_body);
  EXPECT_FALSE(reader.request().has_unknown_expectation);
}

TEST(RequestReaderTest, OtherExpectationsAreNoticed) {
  RequestReader reader;
  Drip(reader, "GET / HTTP/1.1\r\nHost: x\r\nExpect: a pony\r\n\r\n");
  EXPECT_TRUE(reader.request().has_unknown_expectation);
}

TEST(RequestReaderTest, WhatIsNoRequestIsRefused) {
  EXPECT_EQ(Refusal("GET\r\n\r\n"), 400);
  EXPECT_EQ(Refusal("GET /\r\n\r\n"), 400);
  EXPECT_EQ(Refusal("GET / FTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(Refusal("\x16\x03\x01\x02 hello, TLS"), 400);
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\nHost : x\r\n\r\n"), 400);
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), 400);
  EXPECT_EQ(Refusal("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(RequestReaderTest, AmbiguousLengthsAreRefused) {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_EQ(Refusal(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
            400);
  EXPECT_EQ(Refusal(head + "Content-Length: 5x\r\n\r\n"), 400);
  EXPECT_EQ(Refusal(head + "Content-Length: -5\r\n\r\n"), 400);
  EXPECT_EQ(
      Refusal(head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400);
  EXPECT_EQ(
      Refusal(head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
      400);
  EXPECT_EQ(Refusal(head + "Transfer-Encoding: chunked\r\n\r\nx\r\n"), 400);
}

TEST(RequestReaderTest, OtherVersionsAreRefused) {
  EXPECT_EQ(Refusal("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
  EXPECT_EQ(Refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(Refusal("GET / HTTP/0.9\r\n\r\n"), 505);
}

TEST(RequestReaderTest, TooMuchIsRefused) {
  const std::string much(20'000, 'a');
  EXPECT_EQ(Refusal("GET /" + much + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414);
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\nHost: x\r\nX: " + much + "\r\n\r\n"),
            431);
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\nHost: x\r\n"
                    "Content-Length: 16385\r\n\r\n"),
            413);
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
                    "\r\n\r\n4001\r\n"),
            413);
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
                    "\r\n\r\n1;" +
                    much),
            400);
}

TEST(RequestReaderTest, UnfinishedIsAwaited) {
  EXPECT_EQ(Refusal("GET / HTTP/1.1\r\nHost: x\r\n"), -1);
  RequestReader reader;
  Drip(reader, "G");
  EXPECT_TRUE(reader.started());
}

}  // namespace
}  // namespace cluster::static_files
