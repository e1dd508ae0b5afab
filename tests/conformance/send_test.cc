// Rows B046, B063 and B172 to B180: send() and what it promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/send_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Value DeepBy(int depth) {
  Value value;
  for (int i = 0; i < depth; ++i) {
    Value::List list;
    list.push_back(std::move(value));
    value = std::move(list);
  }
  return value;
}

TEST_F(SendTest, B172_WhatCanBeSent) {
  const auto worker = ForkAgent();
  const std::vector<Value> values = {
      "text", 7, 1.5, true, nullptr, Value::List{1}, Value::Map{{"a", 1}}};
  for (const Value& value : values) EXPECT_TRUE(worker->send(value));
  std::vector<Value> came;
  worker->on(events::message, [&](const Message& message, Handle&) {
    came.push_back(*message.value());
    if (came.size() == values.size()) worker->disconnect();
  });
  Run();
  EXPECT_EQ(came, values);
}

TEST_F(SendTest, B172_WhatCannotBeSentSaysWhy) {
  const auto worker = ForkAgent();
  EXPECT_FALSE(worker->send(DeepBy(Value::kMaxDepth + 1), Sent()));
  EXPECT_THAT(sent_, IsEmpty()) << "not from within send()";
  worker->on(events::online, [&] { worker->disconnect(); });
  Run();
  EXPECT_THAT(sent_, ElementsAre(absl::StatusCode::kInvalidArgument));
}

// What `sent` and `replied` throw comes out of run(), after the others' turn.
TEST_F(SendTest, ThrowingFunctionsLoseNoOther) {
  const auto worker = ForkAgent();
  int calls = 0;
  const auto fail = [&] {
    if (++calls == 4) worker->disconnect();
    throw std::runtime_error("sent");
  };
  worker->send("", [&](const absl::Status&) { fail(); });
  worker->send("", [&](const absl::Status&) { fail(); });
  for (int i = 0; i < 2; ++i) {
    worker->request("", absl::ZeroDuration(), [&](Reply&) { fail(); });
  }
  int thrown = 0;
  for (bool ended = false; !ended;) {
    try {
      Run();
      ended = true;
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(thrown, 4);
}

TEST_F(SendTest, WhatAWorkerThatNeverBeganIsSentEndsWithWhy) {
  cluster_.set_scheduling_policy("nonsense");
  cluster_.on(events::error, [](Worker&, const absl::Status&) {});
  const auto worker = ForkAgent();
  absl::Status replied;
  EXPECT_FALSE(worker->send("", Sent()));
  EXPECT_FALSE(cluster_.send_to_all("", {}, {}, Sent()));
  EXPECT_FALSE(cluster_.reply(Request(), "", {}, {}, Sent()));
  worker->request("", absl::InfiniteDuration(), [&](Reply& reply) {
    replied = reply.status;
  });
  EXPECT_THAT(sent_, IsEmpty()) << "not from within send()";
  Run();
  EXPECT_FALSE(worker->status().ok());
  const absl::StatusCode why = worker->status().code();
  EXPECT_THAT(sent_, ElementsAre(why, why, why));
  EXPECT_EQ(replied, worker->status());
}

TEST_F(SendTest, B173_FormsOfTheCall) {
  const auto worker = ForkAgent();
  Handle none;
  EXPECT_TRUE(worker->send(1));
  EXPECT_TRUE(worker->send(2, Sent()));
  EXPECT_TRUE(worker->send(3, none, Sent()));
  EXPECT_TRUE(worker->send(4, none, {.keep_open = true}, Sent()));
  EXPECT_TRUE(worker->send(5, Handle(dup(STDERR_FILENO))));
  int came = 0;
  worker->on(events::message, [&](const Message& message, Handle& handle) {
    EXPECT_EQ(*message.value(), Value(++came));
    EXPECT_EQ(static_cast<bool>(handle), came == 5);
    if (came == 5) worker->disconnect();
  });
  Run();
  EXPECT_EQ(came, 5);
  EXPECT_EQ(sent_, Codes(3, absl::StatusCode::kOk));
}

TEST_F(SendTest, B173_HandleThatIsNoneIsRefused) {
  const auto worker = ForkAgent();
  Handle handle(dup(STDERR_FILENO));
  close(handle.fd());
  EXPECT_FALSE(worker->send("x", handle, Sent()));
  (void)handle.release();
  worker->on(events::online, [&] { worker->disconnect(); });
  Run();
  EXPECT_THAT(sent_, ElementsAre(absl::StatusCode::kInvalidArgument));
}

TEST_F(SendTest, B174_FalseWhereMuchWaitsAndB175_ItArrivesAllTheSame) {
  const auto worker = ForkAgent();
  std::vector<bool> go_on;
  WhenStopped(worker, [&] {
    // Nothing is written before the loop's next turn.
    for (int i = 0; i < 60; ++i) {
      go_on.push_back(worker->send(std::string(20'000, 'x')));
    }
    Continue(worker);
  });
  size_t came = 0;
  worker->on(events::message, [&](const Message&, Handle&) {
    if (++came == 60) worker->disconnect();
  });
  Run();
  std::vector<bool> expected(60, false);
  std::fill_n(expected.begin(), 6, true);  // the seventh makes it 128 KiB
  EXPECT_EQ(go_on, expected);
  EXPECT_EQ(came, 60u);
}

TEST_F(SendTest, B176_ToldWhenTheKernelHasItAndNotWhenItIsRead) {
  const auto worker = ForkAgent();
  const auto other = ForkAgent();
  WhenStopped(worker, [&] {
    for (int i = 0; i < 60; ++i) {
      worker->send(std::string(20'000, 'x'), Sent());
    }
    EXPECT_THAT(sent_, IsEmpty()) << "not from within send()";
    other->send("turns have passed when this is back");
  });
  int came = 0;
  other->on(events::message, [&](const Message&, Handle&) {
    // It may be back before the turn of the callbacks.
    if (sent_.empty()) {
      other->send("another turn");
      return;
    }
    EXPECT_LT(sent_.size(), 60u) << "what fits into the socket";
    Continue(worker);
  });
  worker->on(events::message, [&](const Message&, Handle&) {
    if (++came == 60) cluster_.disconnect();
  });
  Run();
  EXPECT_EQ(sent_, Codes(60, absl::StatusCode::kOk));
}

TEST_F(SendTest, B046_WorkerThatCouldNotBeStarted) {
  const auto worker = cluster_.fork({.settings = {.exec = "/nonexistent"}});
  worker->on(events::error, [](const absl::Status&) {});
  EXPECT_FALSE(worker->send("x", Sent()));
  Run();
  EXPECT_THAT(sent_, ElementsAre(absl::StatusCode::kNotFound));
}

TEST_F(SendTest, B180_MessagesAreWholeWhateverTheirSize) {
  const auto worker = ForkAgent();
  std::string umlauts;
  while (umlauts.size() < 400'000) umlauts += "\xc3\xa4\xe2\x82\xac";
  const std::vector<std::string> texts = {
      umlauts, "", std::string(800'000, 'x'), "\xe2\x82\xac"};
  for (const std::string& text : texts) worker->send(text);
  std::vector<std::string> came;
  worker->on(events::message, [&](const Message& message, Handle&) {
    came.push_back(TextOf(message));
    if (came.size() == texts.size()) worker->disconnect();
  });
  Run();
  EXPECT_TRUE(came == texts);
}

// ---- Errors of the library's own

TEST_F(SendTest, B063_NoErrorOfItsOwnMessages) {
  LogEvents();
  for (int i = 0; i < 12; ++i) ForkAgent();
  cluster_.on(events::online, [&](Worker& worker) {
    worker.disconnect();
    if (worker.id() % 2 == 0) worker.kill(SIGKILL);
    worker.disconnect();
  });
  Run();
  for (const std::string& line : log_) EXPECT_FALSE(line.starts_with("error"));
}

}  // namespace
}  // namespace cluster
