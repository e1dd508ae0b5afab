extern "C" {
#include "tools/bench/load/answer.h"
}

#include <string>

#include "gtest/gtest.h"

namespace {

const char kAnswer[] =
    "HTTP/1.1 200 OK\r\nX-Worker: 3\r\ncontent-length: 5\r\n\r\nhello";

answer_state Feed(answer* a, const std::string& bytes) {
  return answer_feed(a, bytes.data(), bytes.size());
}

TEST(AnswerTest, WholeAnswerIsDoneAndNamesItsWorker) {
  answer a = {};
  EXPECT_EQ(Feed(&a, kAnswer), ANSWER_DONE);
  EXPECT_STREQ(a.worker, "3");
}

TEST(AnswerTest, MayBeCutAnywhere) {
  const std::string whole = kAnswer;
  for (size_t cut = 1; cut < whole.size(); cut++) {
    answer a = {};
    EXPECT_EQ(Feed(&a, whole.substr(0, cut)), ANSWER_MORE) << cut;
    EXPECT_EQ(Feed(&a, whole.substr(cut)), ANSWER_DONE) << cut;
    EXPECT_STREQ(a.worker, "3");
  }
}

TEST(AnswerTest, BytesAfterTheEndAreBad) {
  answer a = {};
  EXPECT_EQ(Feed(&a, std::string(kAnswer) + "!"), ANSWER_BAD);
}

TEST(AnswerTest, OtherStatusIsBad) {
  answer a = {};
  EXPECT_EQ(Feed(&a, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
            ANSWER_BAD);
}

TEST(AnswerTest, MissingLengthIsBad) {
  answer a = {};
  EXPECT_EQ(Feed(&a, "HTTP/1.1 200 OK\r\n\r\n"), ANSWER_BAD);
}

TEST(AnswerTest, EndlessHeadIsBad) {
  answer a = {};
  EXPECT_EQ(Feed(&a, "HTTP/1.1 200 OK\r\n" + std::string(2000, 'x')),
            ANSWER_BAD);
}

TEST(AnswerTest, LongWorkerNameIsCut) {
  answer a = {};
  EXPECT_EQ(Feed(&a,
                 "HTTP/1.1 200 OK\r\nX-Worker: 12345678901234567890\r\n"
                 "Content-Length: 0\r\n\r\n"),
            ANSWER_DONE);
  EXPECT_STREQ(a.worker, "123456789012345");
}

}  // namespace
