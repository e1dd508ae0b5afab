#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "ipc/open_fds.h"
#include "plugins/sdk/worker.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/fake_messages.h"

namespace cluster::sdk {
namespace {

using std::chrono::milliseconds;

// What the worker does when it starts.
std::function<void(const Host&)> on_start;

class ScriptedWorker : public Worker {
 public:
  using Worker::Worker;
  Status OnStart() override {
    if (on_start) on_start(host());
    return Status();
  }
  void OnConnection(Connection) override {}
};

class MessagesTest : public testing::Test {
 protected:
  ~MessagesTest() override { on_start = {}; }

  void Run(std::function<void(const Host&)> start,
           std::function<void()> client) {
    on_start = std::move(start);
    EXPECT_EQ(host_.Run(kTable<ScriptedWorker>, std::move(client)), CLUSTER_OK);
  }

  FakeHost host_;
};

TEST_F(MessagesTest, MessageComesWithItsSenderAndDescriptors) {
  const size_t before = OpenFds();
  Descriptor taken;
  std::string seen;
  Run(
      [&](const Host& host) {
        EXPECT_TRUE(host.OnMessage([&](const Message& message) {
                          seen = message.payload();
                          EXPECT_EQ(message.from_worker(), 3u);
                          EXPECT_EQ(message.from_slot(), 2u);
                          EXPECT_EQ(message.request(), 0u);
                          ASSERT_EQ(message.fd_count(), 2u);
                          taken = message.TakeFd(1);
                          EXPECT_FALSE(message.TakeFd(1));
                        })
                        .ok());
      },
      [&] {
        FakeMessages::Incoming message = {
            .payload = "hello", .from_worker = 3, .from_slot = 2};
        for (int i = 0; i < 2; ++i) {
          message.fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
        }
        host_.messages().Deliver(std::move(message));
      });
  EXPECT_EQ(seen, "hello");
  EXPECT_TRUE(taken);
  EXPECT_EQ(OpenFds(), before + 1);
}

TEST_F(MessagesTest, CallbackMayBeReplacedFromWithin) {
  std::string seen;
  Run(
      [&](const Host& host) {
        static_cast<void>(host.OnMessage([&seen, host](const Message&) {
          const std::string own = "a capture that the callback still reads";
          static_cast<void>(
              host.OnMessage([&seen](const Message&) { seen += "second"; }));
          seen += own.substr(0, 1);
        }));
      },
      [&] {
        host_.messages().Deliver({.payload = "x"});
        host_.messages().Deliver({.payload = "x"});
      });
  EXPECT_EQ(seen, "asecond");
}

TEST_F(MessagesTest, CallbackThatIsRefusedReplacesNone) {
  std::string seen;
  Run(
      [&](const Host& host) {
        EXPECT_TRUE(
            host.OnMessage([&seen](const Message&) { seen += "first"; }).ok());
        host_.messages().set_outcome(CLUSTER_E_STATE);
        EXPECT_EQ(host.OnMessage([&seen](const Message&) { seen += "second"; })
                      .code(),
                  CLUSTER_E_STATE);
      },
      [&] { host_.messages().Deliver({.payload = "x"}); });
  EXPECT_EQ(seen, "first");
}

TEST_F(MessagesTest, ThrowingCallbacksAreLogged) {
  Run(
      [&](const Host& host) {
        static_cast<void>(host.OnMessage(
            [](const Message&) { throw std::runtime_error("odd"); }));
        static_cast<void>(
            host.Request(To::Slot(1), "?", milliseconds(9), [](auto) {
              throw std::runtime_error("even");
            }));
      },
      [&] {
        host_.messages().Deliver({.payload = "x"});
        const auto sent = host_.messages().AwaitSent();
        host_.messages().Fail(sent.request, CLUSTER_E_TIMEOUT);
      });
  EXPECT_EQ(host_.log(),
            "3 a message's callback threw: odd\n"
            "3 a reply's callback threw: even\n");
}

TEST_F(MessagesTest, RequestHasItsReplyOrTheReason) {
  std::vector<std::string> ends;
  Run(
      [&](const Host& host) {
        for (const uint32_t worker : {1, 2}) {
          const Status status = host.Request(
              To::Worker(worker), "?", milliseconds(500), [&](auto reply) {
                ends.push_back(reply.ok()
                                   ? std::string(reply->payload())
                                   : std::to_string(reply.status().code()));
              });
          EXPECT_TRUE(status.ok());
        }
      },
      [&] {
        const auto first = host_.messages().AwaitSent();
        const auto second = host_.messages().AwaitSent();
        EXPECT_EQ(first.to, CLUSTER_TO_WORKER);
        EXPECT_EQ(first.number, 1u);
        EXPECT_EQ(first.timeout_ms, 500u);
        host_.messages().Answer(second.request, {.payload = "two"});
        host_.messages().Fail(first.request, CLUSTER_E_GONE);
      });
  EXPECT_EQ(ends, (std::vector<std::string>{"two", "4"}));
}

TEST_F(MessagesTest, RequestWithoutReplyEndsWithTheWorker) {
  const auto capture = std::make_shared<int>(1);
  Run(
      [&](const Host& host) {
        static_cast<void>(host.Request(
            To::Slot(0), "?", milliseconds(500), [capture](auto) {}));
      },
      [] {});
  on_start = {};
  EXPECT_EQ(capture.use_count(), 1);
}

TEST_F(MessagesTest, AnswersWhatItIsAsked) {
  Run(
      [&](const Host& host) {
        static_cast<void>(host.OnMessage([host](const Message& message) {
          EXPECT_TRUE(host.Reply(message.request(), "yes").ok());
          EXPECT_EQ(host.Reply(message.request(), "no").code(),
                    CLUSTER_E_STATE);
        }));
      },
      [&] {
        const uint64_t request = host_.messages().Ask({.payload = "?"});
        const auto sent = host_.messages().AwaitSent();
        EXPECT_EQ(sent.answers, request);
        EXPECT_EQ(sent.payload, "yes");
        EXPECT_EQ(host_.messages().sent_count(), 0u);
      });
}

TEST_F(MessagesTest, FailuresOfSendingAreTold) {
  host_.messages().set_outcome(CLUSTER_E_FULL);
  Run(
      [&](const Host& host) {
        EXPECT_EQ(host.Send(To::Others(), "x").code(), CLUSTER_E_FULL);
        EXPECT_EQ(
            host.Request(To::Slot(0), "x", milliseconds(5), [](auto) {}).code(),
            CLUSTER_E_FULL);
      },
      [] {});
}

TEST_F(MessagesTest, HostWithoutMessagesSaysSo) {
  host_.hidden_services = {CLUSTER_SERVICE_MESSAGE_V1};
  Run(
      [&](const Host& host) {
        EXPECT_EQ(host.OnMessage([](const Message&) {}).code(),
                  CLUSTER_E_UNSUPPORTED);
        EXPECT_EQ(host.Send(To::Others(), "x").code(), CLUSTER_E_UNSUPPORTED);
      },
      [] {});
}

TEST_F(MessagesTest, WorkerKnowsItsPlace) {
  Run(
      [&](const Host& host) {
        EXPECT_EQ(host.slot(), 6u);
        EXPECT_EQ(host.generation(), 1u);
      },
      [] {});
}

}  // namespace
}  // namespace cluster::sdk
