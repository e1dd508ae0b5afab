// Rows B041 to B060, B181 to B194: messages as events, in the primary and
// in workers, what they hold, and who may write to whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr absl::Duration kDeadline = absl::Seconds(20);

class MessageTest : public ClusterTest {
 protected:
  // Ends all when so many messages have come, whose texts are in `heard_`.
  void DisconnectAfter(size_t messages) {
    cluster_.on(events::message,
                [this, messages](Worker&, const Message& message, Handle&) {
                  heard_.push_back(TextOf(message));
                  if (heard_.size() == messages) cluster_.disconnect();
                });
  }

  std::vector<std::string> heard_;
};

TEST_F(MessageTest, B041_MessagesComeBehindOnline) {
  LogEvents();
  Fork({"tell", "1", "5"});
  cluster_.on(events::message, [&](Worker&, const Message& message, Handle&) {
    log_.push_back(TextOf(message));
  });
  Run();
  EXPECT_THAT(
      log_,
      ElementsAre("fork 1", "online 1", "xxxxx", "disconnect 1", "exit 1 0 0"));
}

TEST_F(MessageTest, B042_SentRightAfterTheForkArrives) {
  const auto worker = ForkAgent();
  EXPECT_TRUE(worker->send("early"));
  DisconnectAfter(1);
  Run();
  EXPECT_THAT(heard_, ElementsAre("early"));
}

// Better than Node, where what comes before the first listener is lost.
TEST_F(MessageTest, B043_MessagesWaitForTheWorkersListener) {
  const auto worker = ForkAgent("late");
  cluster_.on(events::message, [&](Worker&, const Message& message, Handle&) {
    if (message.request()) {
      for (const char* text : {"a", "b", "c"}) worker->send(text);
      cluster_.reply(message.request(), "now");
      return;
    }
    heard_.push_back(TextOf(message));
    if (heard_.size() == 3) worker->disconnect();
  });
  Run();
  EXPECT_THAT(heard_, ElementsAre("a", "b", "c"));
}

// Likewise, though somebody listens to another worker.
TEST_F(MessageTest, B043_MessagesWaitForThePrimarysListener) {
  const auto first = ForkAgent();
  ForkAgent()->on(events::message,
                  [](const Message&, Handle&) { ADD_FAILURE(); });
  first->send("tell 3 2");
  // They are here when this is answered.
  first->request("done?", kDeadline, [&](Reply&) {
    EXPECT_THAT(heard_, SizeIs(0));
    DisconnectAfter(3);
  });
  Run();
  EXPECT_THAT(heard_, ElementsAre("0 ", "1 ", "2 "));
}

TEST_F(MessageTest, B051_ClusterIsToldBeforeTheWorkerAndB185_OfEach) {
  const auto worker = ForkAgent();
  cluster_.on(events::message,
              [&](Worker& from, const Message& message, Handle& handle) {
                EXPECT_EQ(&from, worker.get());
                EXPECT_FALSE(handle);
                log_.push_back("cluster " + TextOf(message));
              });
  worker->on(events::message, [&](const Message& message, Handle& handle) {
    EXPECT_FALSE(handle);
    EXPECT_EQ(message.from(), 1u);
    log_.push_back("worker " + TextOf(message));
    worker->disconnect();
  });
  worker->send("a");
  Run();
  EXPECT_THAT(log_, ElementsAre("cluster a", "worker a"));
}

TEST_F(MessageTest, B059_WhatAWorkerSaidComesBeforeItsDisconnect) {
  LogEvents();
  cluster_.on(events::message, [&](Worker&, const Message& message, Handle&) {
    log_.push_back(TextOf(message));
  });
  // What ends it lets the library write nothing more.
  Fork({"tell", "3", "2", "killed"});
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1",
                          "online 1",
                          "xx",
                          "xx",
                          "xx",
                          "disconnect 1",
                          "exit 1 0 9"));
}

TEST_F(MessageTest, B060_SentFromItsListeningCallbackComesBeforeListening) {
  LogEvents();
  const auto worker = ForkAgent("listening");
  worker->on(events::message, [&](const Message& message, Handle&) {
    log_.push_back(TextOf(message));
  });
  worker->on(events::listening, [&](const Address&) { worker->disconnect(); });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1",
                          "online 1",
                          "mine",
                          "listening 1",
                          "disconnect 1",
                          "exit 1 0 0"));
}

// What a listener throws comes out of run(), and is no reason to lose others.
TEST_F(MessageTest, B181_ThrowingListenerLosesNoOtherMessage) {
  const auto worker = ForkAgent();
  int thrown = 0;
  worker->on(events::message, [&](const Message& message, Handle&) {
    heard_.push_back(TextOf(message));
    if (heard_.size() == 10) worker->disconnect();
    throw std::runtime_error("listener");
  });
  worker->send("tell 10 2");
  while (!worker->is_dead()) {
    try {
      Run();
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_THAT(heard_, SizeIs(10));
  EXPECT_EQ(thrown, 10);
}

TEST_F(MessageTest, B182_NoNameIsReserved) {
  const auto worker = ForkAgent();
  const std::vector<Value> sent = {
      Value::Map{{"cmd", "NODE_"}},
      Value::Map{{"cmd", "NODE_CLUSTER"}, {"act", "online"}},
      "NODE_CLUSTER"};
  std::vector<Value> came;
  worker->on(events::message, [&](const Message& message, Handle&) {
    came.push_back(message.value().value_or(nullptr));
    if (came.size() == sent.size()) worker->disconnect();
  });
  for (const Value& value : sent) worker->send(value);
  Run();
  EXPECT_EQ(came, sent);
}

TEST_F(MessageTest, B183_ReplyToWhatNobodyAskedIsRefused) {
  const auto worker = ForkAgent();
  absl::Status status;
  EXPECT_FALSE(cluster_.reply(
      {.asker = 1, .number = 99}, "x", {}, {}, [&](const absl::Status& why) {
        status = why;
        worker->disconnect();
      }));
  Run();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(MessageTest, B184_ListenersOfAWorkerAreCalledInTheirOrder) {
  const auto worker = ForkAgent("twice");
  DisconnectAfter(2);
  worker->send("a");
  Run();
  EXPECT_THAT(heard_, ElementsAre("first a", "second a"));
}

// Better than Node, which loses what is not in the socket yet.
TEST_F(MessageTest, B186_WhatWasSentIsWrittenBeforeTheExit) {
  size_t count = 0;
  cluster_.on(events::message,
              [&](Worker&, const Message&, Handle&) { ++count; });
  Fork({"tell", "1000", "1024"});
  Run();
  EXPECT_EQ(count, 1000u);
}

TEST_F(MessageTest, B186_LargeOneIsWrittenBeforeTheExit) {
  size_t size = 0;
  cluster_.on(events::message, [&](Worker&, const Message& message, Handle&) {
    size = TextOf(message).size();
  });
  Fork({"tell", "1", "5000000"});
  Run();
  EXPECT_EQ(size, 5'000'000u);
}

// More than a window, so that most of it is still in the worker when it throws.
TEST_F(MessageTest, B186_AlsoWhereAListenerThrows) {
  size_t size = 0;
  const auto worker = ForkAgent();
  worker->on(events::message, [&](const Message& message, Handle&) {
    size = TextOf(message).size();
  });
  worker->send("tell 1 5000000");
  worker->send("throw");
  Run();
  EXPECT_EQ(size, 5'000'000u);
  EXPECT_EQ(worker->process().exit_code(), 68);
}

TEST_F(MessageTest, B187_IdleWorkerStaysUntilItIsTold) {
  const auto worker = Fork({"idle"});
  const auto other = ForkAgent();
  other->on(events::message, [&](const Message&, Handle&) {
    EXPECT_FALSE(worker->is_dead());
    cluster_.disconnect();
  });
  other->send("a");
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
}

// ---- Topology: better than Node's star

TEST_F(MessageTest, B194_WorkersWriteToEachOther) {
  const auto first = ForkAgent();
  const auto second = ForkAgent();
  DisconnectAfter(1);
  first->send("to 2 hello");
  Run();
  EXPECT_THAT(heard_, ElementsAre("1 says hello"));
}

TEST_F(MessageTest, B194_WorkersWriteToAllOthers) {
  const auto first = ForkAgent();
  for (int i = 0; i < 3; ++i) ForkAgent();
  int online = 0;
  cluster_.on(events::online, [&](Worker&) {
    if (++online == 4) first->send("others hello");
  });
  std::vector<uint32_t> from;
  cluster_.on(events::message,
              [&](Worker& worker, const Message& message, Handle&) {
                EXPECT_EQ(TextOf(message), "1 says hello");
                from.push_back(worker.id());
                if (from.size() == 3) cluster_.disconnect();
              });
  Run();
  EXPECT_THAT(from, UnorderedElementsAre(2, 3, 4));
}

TEST_F(MessageTest, B194_PrimaryWritesToAll) {
  for (int i = 0; i < 4; ++i) ForkAgent();
  std::vector<uint32_t> from;
  cluster_.on(events::message,
              [&](Worker& worker, const Message& message, Handle&) {
                EXPECT_EQ(TextOf(message), "all");
                from.push_back(worker.id());
                if (from.size() == 4) cluster_.disconnect();
              });
  int sent = 0;
  EXPECT_TRUE(cluster_.send_to_all("all", {}, {}, [&](const auto& status) {
    EXPECT_TRUE(status.ok()) << status;
    ++sent;
  }));
  Run();
  EXPECT_THAT(from, UnorderedElementsAre(1, 2, 3, 4));
  EXPECT_EQ(sent, 1);
}

// ---- Requests: Node has none

TEST_F(MessageTest, WorkersAnswerThePrimary) {
  const auto worker = ForkAgent();
  std::string answer;
  worker->request("who?", kDeadline, [&](Reply& reply) {
    ASSERT_TRUE(reply.ok()) << reply.status;
    answer = TextOf(reply.message);
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(answer, "re: who?");
}

TEST_F(MessageTest, PrimaryAnswersWorkers) {
  const auto worker = ForkAgent();
  worker->send("ask 0 what time is it");
  worker->on(events::message, [&](const Message& message, Handle&) {
    if (message.request()) {
      EXPECT_EQ(TextOf(message), "what time is it");
      cluster_.reply(message.request(), "late");
      return;
    }
    heard_.push_back(TextOf(message));
    worker->disconnect();
  });
  Run();
  EXPECT_THAT(heard_, ElementsAre("heard late"));
}

TEST_F(MessageTest, WorkersAnswerEachOther) {
  const auto first = ForkAgent();
  ForkAgent();
  DisconnectAfter(1);
  first->send("ask 2 who");
  Run();
  EXPECT_THAT(heard_, ElementsAre("heard re: who"));
}

TEST_F(MessageTest, RequestToNobodyFails) {
  const auto first = ForkAgent();
  DisconnectAfter(1);
  first->send("ask 77 who");
  Run();
  EXPECT_THAT(
      heard_,
      ElementsAre(absl::StrCat("no answer: ",
                               static_cast<int>(absl::StatusCode::kNotFound))));
}

TEST_F(MessageTest, RequestEndsAtItsDeadline) {
  const auto worker = ForkAgent();
  absl::Status status;
  worker->request("silence", absl::Milliseconds(1), [&](Reply& reply) {
    status = reply.status;
    worker->disconnect();
  });
  Run();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

TEST_F(MessageTest, RequestEndsWithTheWorker) {
  const auto worker = ForkAgent();
  absl::Status status;
  worker->request("silence", absl::InfiniteDuration(), [&](Reply& reply) {
    status = reply.status;
  });
  worker->send("exit 0");
  Run();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

}  // namespace
}  // namespace cluster
