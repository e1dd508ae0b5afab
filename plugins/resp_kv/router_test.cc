#include "plugins/resp_kv/router.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/resp_kv/answer_queue.h"
#include "plugins/resp_kv/batch.h"
#include "plugins/resp_kv/gather.h"
#include "plugins/resp_kv/peer_link.h"
#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/shard.h"

namespace cluster::resp_kv {
namespace {

// Keeps what is sent until the test delivers it.
class FakeLink final : public PeerLink {
 public:
  struct Sent {
    uint32_t slot;
    std::string message;
    int64_t timeout_ms;
    Replied replied;
  };

  cluster_status AskSlot(uint32_t slot,
                         std::string_view message,
                         int64_t timeout_ms,
                         Replied replied) override {
    if (refusal != CLUSTER_OK) return refusal;
    sent.push_back(
        {slot, std::string(message), timeout_ms, std::move(replied)});
    return CLUSTER_OK;
  }
  cluster_status AskWorker(uint32_t,
                           std::string_view,
                           int64_t,
                           Replied) override {
    return CLUSTER_E_GONE;
  }
  void CallSoon(std::function<void()> run) override {
    soon.push_back(std::move(run));
  }
  void CallAfter(int64_t, std::function<void()>) override {}

  void EndRound() {
    for (const auto& run : std::exchange(soon, {})) run();
  }
  Sent Take() {
    Sent first = std::move(sent.front());
    sent.pop_front();
    return first;
  }

  cluster_status refusal = CLUSTER_OK;
  std::deque<Sent> sent;
  std::vector<std::function<void()>> soon;
};

// Worker 0 of 2, and the shard of worker 1.
class RouterTest : public testing::Test {
 protected:
  using Request = std::vector<std::string_view>;

  void Submit(uint32_t slot, const Request& request) {
    router_.Submit(slot, request, answers_.Add(&GatherOne, 1, 0), 0);
  }
  // Has worker 1 do what was sent first.
  void Deliver() {
    const FakeLink::Sent sent = link_.Take();
    sent.replied(CLUSTER_OK, other_.RunBatch(sent.message));
  }
  std::string Answers() {
    std::string out;
    answers_.TakeReady(SIZE_MAX, &out);
    return out;
  }

  int64_t now_ms_ = 1000;
  const Clock clock_ = [this] { return now_ms_; };
  FakeLink link_;
  Shard own_{{}, clock_};
  Shard other_{{}, clock_};
  Router router_{
      {.slot = 0, .slot_count = 2, .timeout_ms = 500}, link_, own_, clock_};
  AnswerQueue answers_{[] {}};
};

TEST_F(RouterTest, OwnKeysAreAnsweredAtOnce) {
  Submit(0, {"INCR", "n"});
  EXPECT_EQ(Answers(), ":1\r\n");
  EXPECT_TRUE(link_.soon.empty());
}

TEST_F(RouterTest, CommandsOfOneRoundGoInOneMessage) {
  for (int i = 0; i < 100; ++i) Submit(1, {"INCR", "n"});
  EXPECT_TRUE(link_.sent.empty());
  link_.EndRound();
  ASSERT_EQ(link_.sent.size(), 1u);
  EXPECT_EQ(link_.sent[0].slot, 1u);
  EXPECT_EQ(link_.sent[0].timeout_ms, 500);
  Deliver();
  std::string expected;
  for (int i = 1; i <= 100; ++i) AppendInteger(i, &expected);
  EXPECT_EQ(Answers(), expected);
  EXPECT_EQ(router_.batches(), 1u);
  EXPECT_EQ(router_.forwarded(), 100u);
}

TEST_F(RouterTest, WhatComesMeanwhileIsTheNextMessage) {
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  Submit(1, {"INCR", "n"});
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  EXPECT_EQ(link_.sent.size(), 1u);
  Deliver();
  link_.EndRound();
  EXPECT_EQ(link_.sent.size(), 1u);
  Deliver();
  EXPECT_EQ(Answers(), ":1\r\n:2\r\n:3\r\n");
}

TEST_F(RouterTest, OwnAnswersWaitForEarlierOnes) {
  Submit(1, {"INCR", "n"});
  Submit(0, {"SET", "k", "v"});
  EXPECT_EQ(Answers(), "");
  link_.EndRound();
  Deliver();
  EXPECT_EQ(Answers(), ":1\r\n+OK\r\n");
}

TEST_F(RouterTest, EndOfOwnerIsAnErrorAndNothingIsRepeated) {
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  Submit(1, {"INCR", "n"});
  link_.Take().replied(CLUSTER_E_GONE, "");
  EXPECT_TRUE(Answers().starts_with("-UNREACHABLE "));
  link_.EndRound();
  Deliver();
  EXPECT_EQ(Answers(), ":1\r\n");
  EXPECT_TRUE(link_.sent.empty());
}

TEST_F(RouterTest, TimeoutIsAnErrorAndNothingIsRepeated) {
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  const FakeLink::Sent late = link_.Take();
  now_ms_ += 500;
  late.replied(CLUSTER_E_TIMEOUT, "");
  EXPECT_TRUE(Answers().starts_with("-TIMEOUT "));
  link_.EndRound();
  EXPECT_TRUE(link_.sent.empty());
  // The owner gets it now, and must not do what was answered by an error.
  EXPECT_EQ(other_.RunBatch(late.message), "");
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  Deliver();
  EXPECT_EQ(Answers(), ":1\r\n");
}

TEST_F(RouterTest, WhatWaitedTooLongIsNotSent) {
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  now_ms_ += 100;
  Submit(1, {"INCR", "n"});
  const FakeLink::Sent first = link_.Take();
  now_ms_ += 450;
  first.replied(CLUSTER_E_TIMEOUT, "");
  link_.EndRound();
  ASSERT_EQ(link_.sent.size(), 1u) << "50 ms are left";
  EXPECT_EQ(link_.sent[0].timeout_ms, 50);
  Submit(1, {"INCR", "n"});
  now_ms_ += 600;
  link_.Take().replied(CLUSTER_E_TIMEOUT, "");
  link_.EndRound();
  EXPECT_TRUE(link_.sent.empty());
  EXPECT_NE(Answers().find("-TIMEOUT the worker of this key is busy; nothing"),
            std::string::npos);
}

TEST_F(RouterTest, FullChannelIsAnError) {
  link_.refusal = CLUSTER_E_FULL;
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  EXPECT_TRUE(Answers().starts_with("-UNREACHABLE too many"));
  link_.refusal = CLUSTER_OK;
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  Deliver();
  EXPECT_EQ(Answers(), ":1\r\n");
}

TEST_F(RouterTest, LargeRepliesComeInSeveralMessagesInOrder) {
  const std::string large(5 << 20, 'x');
  Submit(1, {"SET", "k", large});
  for (int i = 0; i < 4; ++i) Submit(1, {"GET", "k"});
  Submit(1, {"SET", "k", "small"});
  Submit(1, {"GET", "k"});
  size_t messages = 0;
  for (link_.EndRound(); !link_.sent.empty(); link_.EndRound()) {
    const std::string reply = other_.RunBatch(link_.sent[0].message);
    EXPECT_LT(reply.size(), size_t{16} << 20);
    link_.Take().replied(CLUSTER_OK, reply);
    ++messages;
  }
  std::string expected = "+OK\r\n";
  for (int i = 0; i < 4; ++i) AppendBulk(large, &expected);
  EXPECT_TRUE(Answers() == expected + "+OK\r\n$5\r\nsmall\r\n");
  EXPECT_EQ(messages, 4u);
}

TEST_F(RouterTest, RequestsAreCutIntoMessagesOfBoundedSize) {
  const std::string value(300 << 10, 'x');
  for (int i = 0; i < 20; ++i) Submit(1, {"SET", "k", value});
  size_t messages = 0;
  for (link_.EndRound(); !link_.sent.empty(); link_.EndRound()) {
    EXPECT_LT(link_.sent[0].message.size(), kBatchBytes + value.size() + 100);
    Deliver();
    ++messages;
  }
  EXPECT_EQ(messages, 5u);
  EXPECT_EQ(Answers().size(), 20 * 5u);
}

TEST_F(RouterTest, ReplyThatMakesNoSenseIsAnError) {
  Submit(1, {"INCR", "n"});
  link_.EndRound();
  link_.Take().replied(CLUSTER_OK, "x");
  EXPECT_TRUE(Answers().starts_with("-UNREACHABLE "));
  link_.EndRound();
  EXPECT_TRUE(link_.sent.empty());
}

TEST_F(RouterTest, RetiredWorkerAsksItsSuccessor) {
  Submit(0, {"SET", "k", "old"});
  own_.Retire();
  EXPECT_FALSE(router_.IsHere(0));
  Submit(0, {"GET", "k"});
  link_.EndRound();
  ASSERT_EQ(link_.sent.size(), 1u);
  EXPECT_EQ(link_.sent[0].slot, 0u);
  Deliver();
  EXPECT_EQ(Answers(), "+OK\r\n$-1\r\n");
}

TEST_F(RouterTest, SuccessorAnswersByErrorsUntilItHasTakenOver) {
  Shard successor({.replaces = true}, clock_);
  std::string out;
  const std::string_view set[] = {"SET", "k", "v"};
  successor.Run(set, &out);
  EXPECT_TRUE(out.starts_with("-TRYAGAIN "));
  successor.OnTakenOver();
  out.clear();
  const std::string_view get[] = {"GET", "k"};
  successor.Run(get, &out);
  EXPECT_TRUE(out.starts_with("-LOST ")) << "the refused SET was not done";
  out.clear();
  successor.Run(set, &out);
  EXPECT_EQ(out, "+OK\r\n");
  successor.Retire();
  successor.OnTakenOver();
  out.clear();
  successor.Run(get, &out);
  EXPECT_TRUE(out.starts_with("-TRYAGAIN ")) << "retired for good";
}

}  // namespace
}  // namespace cluster::resp_kv
