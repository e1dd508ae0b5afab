#include "plugins/resp_kv/answer_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "plugins/resp_kv/gather.h"

namespace cluster::resp_kv {
namespace {

class AnswerQueueTest : public testing::Test {
 protected:
  std::string Take(size_t limit = SIZE_MAX) {
    std::string out;
    queue_->TakeReady(limit, &out);
    return out;
  }

  int ready_ = 0;
  std::unique_ptr<AnswerQueue> queue_ =
      std::make_unique<AnswerQueue>([this] { ++ready_; });
};

TEST_F(AnswerQueueTest, AnswersComeInTheOrderOfTheRequests) {
  const auto first = queue_->Add(&GatherOne, 1, 10);
  const auto second = queue_->Add(&GatherOne, 1, 20);
  second->Fill(0, "+2\r\n");
  EXPECT_EQ(ready_, 0);
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(queue_->request_bytes(), 30u);
  EXPECT_EQ(queue_->reply_bytes(), 4u);
  first->Fill(0, "+1\r\n");
  EXPECT_EQ(ready_, 1);
  EXPECT_EQ(Take(), "+1\r\n+2\r\n");
  EXPECT_TRUE(queue_->empty());
  EXPECT_EQ(queue_->request_bytes(), 0u);
  EXPECT_EQ(queue_->reply_bytes(), 0u);
}

TEST_F(AnswerQueueTest, PartsComeInAnyOrder) {
  const auto answer = queue_->Add(&GatherArray, 3, 0);
  answer->Fill(2, ":3\r\n");
  answer->Fill(0, ":1\r\n");
  EXPECT_EQ(Take(), "");
  answer->Fill(1, ":2\r\n");
  EXPECT_EQ(ready_, 1);
  EXPECT_EQ(Take(), "*3\r\n:1\r\n:2\r\n:3\r\n");
}

TEST_F(AnswerQueueTest, TakesUpToTheLimit) {
  for (int i = 0; i < 3; ++i) {
    queue_->Add(&GatherOne, 1, 0)->Fill(0, "$3\r\nabc\r\n");
  }
  EXPECT_EQ(Take(10), "$3\r\nabc\r\n$3\r\nabc\r\n");
  EXPECT_TRUE(queue_->ready());
  EXPECT_EQ(Take(10), "$3\r\nabc\r\n");
}

TEST_F(AnswerQueueTest, RepliesAfterTheClientsEndGoNowhere) {
  const auto answer = queue_->Add(&GatherArray, 2, 0);
  answer->Fill(0, ":1\r\n");
  queue_.reset();
  answer->Fill(1, ":2\r\n");
  EXPECT_EQ(ready_, 0);
}

}  // namespace
}  // namespace cluster::resp_kv
