// Rows B064, B177, B178 and B188 to B192: sending when the channel closes, or
// has closed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/send_fixture.h"
#include "tests/conformance/sockets.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using ChannelEndTest = SendTest;

TEST_F(ChannelEndTest, B177_ClosedChannel) {
  const auto worker = Fork({"exit", "0"});
  worker->on(events::exit, [&](int, int) {
    EXPECT_FALSE(worker->send("x", Sent()));
    EXPECT_THAT(sent_, IsEmpty()) << "not from within send()";
  });
  Run();
  EXPECT_THAT(sent_, ElementsAre(absl::StatusCode::kNotFound));
}

// From the call on, though what was sent before still goes.
TEST_F(ChannelEndTest, B177_ChannelThatIsToClose) {
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
TEST_F(ChannelEndTest, B177_WithoutACallbackItIsAnErrorEvent) {
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

TEST_F(ChannelEndTest, B177_BehindItsLastEventThereIsNone) {
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
TEST_F(ChannelEndTest, B177_ErrorThatNobodyHearsIsNoReasonToEnd) {
  const auto worker = Fork({"exit", "0"});
  worker->on(events::exit, [&](int, int) { EXPECT_FALSE(worker->send("x")); });
  Run();  // expects 0
}

TEST_F(ChannelEndTest, B178_KilledAndNotYetNoticed) {
  const auto worker = ForkAgent();
  WhenStopped(worker, [&] {
    worker->kill(SIGKILL);
    EXPECT_TRUE(worker->send("x", Sent()));
    EXPECT_THAT(sent_, IsEmpty()) << "what becomes of it comes later";
  });
  Run();
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(ChannelEndTest, B178_WhatTheKernelHadNoRoomForHasFailed) {
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

TEST_F(ChannelEndTest, B190_ClosingAChannelThatIsClosedIsNothing) {
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

TEST_F(ChannelEndTest, B191_DisconnectIsNeverToldFromWithinTheCall) {
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

TEST_F(ChannelEndTest, B192_ConnectedUntilTheChannelCloses) {
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

TEST_F(ChannelEndTest, B188_MessagesFlowWhileConnectionsHoldItUp) {
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

TEST_F(ChannelEndTest, B189_WhatWasSentBeforeADisconnectArrives) {
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
TEST_F(ChannelEndTest, B189_WhatWasSentBeforeTheChannelClosesGoesFirst) {
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
TEST_F(ChannelEndTest, B189_WhoGoesOnSendingHoldsUpNoDisconnect) {
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
TEST_F(ChannelEndTest, B064_UnheardErrorEndsNoWorker) {
  const auto worker = Fork({"send after disconnect"});
  worker->on(events::online, [&] { worker->disconnect(); });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_EQ(Printed(1), "false, told 5, error 5");
}

}  // namespace
}  // namespace cluster
