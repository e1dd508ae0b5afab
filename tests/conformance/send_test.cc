// Rows B046, B063 and B172 to B192: send() and what it promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <functional>
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
#include "tests/conformance/sockets.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SendTest : public ClusterTest {
 protected:
  // Notes what `sent` is told.
  SendCallback Sent() {
    return
        [this](const absl::Status& status) { sent_.push_back(status.code()); };
  }
  using Codes = std::vector<absl::StatusCode>;

  // Calls `then` when the worker is online and stopped.
  void WhenStopped(const std::shared_ptr<Worker>& worker,
                   std::function<void()> then) {
    worker->on(events::online, [worker, then = std::move(then)] {
      kill(worker->process().pid(), SIGSTOP);
      ASSERT_TRUE(
          AwaitTrue([&] { return IsStopped(worker->process().pid()); }));
      then();
    });
  }
  void Continue(const std::shared_ptr<Worker>& worker) {
    kill(worker->process().pid(), SIGCONT);
  }

  static Value DeepBy(int depth) {
    Value value;
    for (int i = 0; i < depth; ++i) {
      Value::List list;
      list.push_back(std::move(value));
      value = std::move(list);
    }
    return value;
  }

  Codes sent_;
};

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

TEST_F(SendTest, B177_ClosedChannel) {
  const auto worker = Fork({"exit", "0"});
  worker->on(events::exit, [&](int, int) {
    EXPECT_FALSE(worker->send("x", Sent()));
    EXPECT_THAT(sent_, IsEmpty()) << "not from within send()";
  });
  Run();
  EXPECT_THAT(sent_, ElementsAre(absl::StatusCode::kNotFound));
}

// From the call on, though what was sent before still goes.
TEST_F(SendTest, B177_ChannelThatIsToClose) {
  const auto worker = ForkAgent();
  const auto other = ForkAgent();
  std::vector<size_t> came;
  int requests = 0;
  worker->on(events::message, [&](const Message& message, Handle&) {
    came.push_back(TextOf(message).size());
  });
  other->on(events::message, [&](const Message& message, Handle&) {
    EXPECT_EQ(TextOf(message), "all");
    other->disconnect();
  });
  worker->on(events::online, [&] {
    worker->process().disconnect();
    EXPECT_FALSE(worker->is_connected());
    EXPECT_FALSE(worker->send("x", Sent()));
    worker->request("x", absl::InfiniteDuration(), [&](Reply& reply) {
      EXPECT_EQ(reply.status.code(), absl::StatusCode::kNotFound);
      ++requests;
    });
    EXPECT_TRUE(cluster_.send_to_all("all", {}, {}, [&](const auto& status) {
      EXPECT_TRUE(status.ok()) << status;
    }));
    EXPECT_THAT(sent_, IsEmpty()) << "not from within send()";
  });
  Run();
  EXPECT_THAT(sent_, ElementsAre(absl::StatusCode::kNotFound));
  EXPECT_EQ(requests, 1);
  EXPECT_THAT(came, IsEmpty());
}

// Of a worker whose channel is closed and that still runs.
TEST_F(SendTest, B177_WithoutACallbackItIsAnErrorEvent) {
  const auto worker = Fork({"busy"});
  LogEvents();
  worker->on(events::online, [&] { worker->process().disconnect(); });
  worker->on(events::disconnect, [&] { EXPECT_FALSE(worker->send("x")); });
  worker->on(events::error, [&](const absl::Status&) {
    log_.push_back("error of it");
    worker->kill(SIGKILL);
  });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1",
                          "online 1",
                          "disconnect 1",
                          "error of it",
                          "error 1",
                          "exit 1 0 9"));
}

TEST_F(SendTest, B177_BehindItsLastEventThereIsNone) {
  LogEvents();
  const auto worker = Fork({"exit", "0"});
  Run();
  EXPECT_FALSE(worker->send("x"));
  worker->process().disconnect();
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 0"));
}

// Better than Node, which ends: that a worker has died is no fault of who
// writes to it.
TEST_F(SendTest, B177_ErrorThatNobodyHearsIsNoReasonToEnd) {
  const auto worker = Fork({"exit", "0"});
  worker->on(events::exit, [&](int, int) { EXPECT_FALSE(worker->send("x")); });
  Run();  // expects 0
}

TEST_F(SendTest, B178_KilledAndNotYetNoticed) {
  const auto worker = ForkAgent();
  WhenStopped(worker, [&] {
    worker->kill(SIGKILL);
    EXPECT_TRUE(worker->send("x", Sent()));
    EXPECT_THAT(sent_, IsEmpty()) << "what becomes of it comes later";
  });
  Run();
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(SendTest, B178_WhatTheKernelHadNoRoomForHasFailed) {
  const auto worker = ForkAgent();
  WhenStopped(worker, [&] {
    // More than the socket takes: the rest is known to be lost.
    for (int i = 0; i < 60; ++i) worker->send(std::string(20'000, 'x'));
    worker->kill(SIGKILL);
    worker->send("x", Sent());
  });
  Run();
  EXPECT_THAT(sent_, ElementsAre(absl::StatusCode::kNotFound));
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

TEST_F(SendTest, B190_ClosingAChannelThatIsClosedIsNothing) {
  const auto worker = Fork({"idle"});
  std::vector<absl::StatusCode> errors;
  worker->on(events::error,
             [&](const absl::Status& why) { errors.push_back(why.code()); });
  worker->on(events::online, [&] {
    worker->process().disconnect();
    worker->process().disconnect();
  });
  Run();
  EXPECT_THAT(errors, IsEmpty());
}

TEST_F(SendTest, B191_DisconnectIsNeverToldFromWithinTheCall) {
  const std::vector<std::function<void(Worker&)>> calls = {
      [](Worker& worker) { worker.process().disconnect(); },
      [](Worker& worker) { worker.disconnect(); },
      [this](Worker&) { cluster_.disconnect(); }};
  for (const auto& call : calls) {
    const auto worker = Fork({"idle"});
    bool told = false;
    worker->on(events::disconnect, [&] { told = true; });
    worker->on(events::online, [&] {
      call(*worker);
      EXPECT_FALSE(told);
    });
    Run();
    EXPECT_TRUE(told);
  }
}

TEST_F(SendTest, B192_ConnectedUntilTheChannelCloses) {
  const auto worker = Fork({"idle"});
  EXPECT_TRUE(worker->is_connected());
  worker->on(events::online, [&] {
    worker->process().disconnect();
    EXPECT_FALSE(worker->is_connected());
  });
  worker->on(events::disconnect, [&] { EXPECT_FALSE(worker->is_connected()); });
  Run();
  EXPECT_FALSE(worker->is_connected());
}

// ---- While it disconnects

TEST_F(SendTest, B188_MessagesFlowWhileConnectionsHoldItUp) {
  const auto worker = ForkAgent("hold");
  std::unique_ptr<Client> client;
  std::vector<std::string> came;
  worker->on(events::listening, [&](const Address& address) {
    client = std::make_unique<Client>(address.port);
  });
  worker->on(events::message, [&](const Message& message, Handle&) {
    came.push_back(TextOf(message));
    if (came.back() == "held") {
      worker->disconnect();
      worker->send("while it drains");
      return;
    }
    EXPECT_TRUE(worker->is_connected());
    client->Close();
  });
  Run();
  EXPECT_THAT(came, ElementsAre("held", "while it drains"));
}

TEST_F(SendTest, B189_WhatWasSentBeforeADisconnectArrives) {
  const auto worker = ForkAgent();
  std::vector<size_t> came;
  worker->on(events::message, [&](const Message& message, Handle&) {
    came.push_back(TextOf(message).size());
  });
  worker->send(std::string(3'000'000, 'x'));
  worker->send("behind");
  worker->disconnect();
  Run();
  EXPECT_THAT(came, ElementsAre(3'000'000u, 6u));
}

// More than a channel holds, so that most of it waits when the call is made.
TEST_F(SendTest, B189_WhatWasSentBeforeTheChannelClosesGoesFirst) {
  auto [passed, other] = UnixPair();
  const auto worker = ForkAgent();
  WhenStopped(worker, [&, handle = &passed] {
    EXPECT_FALSE(worker->send(std::string(3'000'000, 'x'), Sent()));
    EXPECT_FALSE(worker->send("meet", *handle, Sent()));
    worker->process().disconnect();
    EXPECT_FALSE(worker->is_connected()) << "at once";
    EXPECT_THAT(sent_, IsEmpty());
    Continue(worker);
  });
  worker->on(events::disconnect, [&] { EXPECT_THAT(sent_, SizeIs(2)); });
  Run();
  EXPECT_EQ(sent_, Codes(2, absl::StatusCode::kOk));
  EXPECT_EQ(Read(other.fd()), "worker 1");
  EXPECT_EQ(worker->process().exit_code(), 0);
}

// Node queues the order to disconnect among the messages, too.
TEST_F(SendTest, B189_WhoGoesOnSendingHoldsUpNoDisconnect) {
  constexpr int kMany = 100'000;
  const auto worker = Fork({"idle"});
  int sent = 0;
  std::function<void()> send_on = [&] {
    worker->send("x", [&](const absl::Status& status) {
      if (status.ok() && ++sent < kMany) send_on();
    });
  };
  worker->on(events::online, [&] {
    send_on();
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_LT(sent, kMany) << "it ended only when nothing more was sent";
}

// In the worker an error that nobody listens for is no reason to end, either.
TEST_F(SendTest, SendInAWorkerAfterItsEnd) {
  const auto worker = Fork({"send after disconnect"});
  worker->on(events::online, [&] { worker->disconnect(); });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_EQ(Printed(1), "false, told 5, error 5");
}

}  // namespace
}  // namespace cluster
