// Row B089: a port is open as long as a worker listens there, and no longer.
#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <memory>
#include <string>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

class RefusedPortTest : public ListeningTest,
                        public ::testing::WithParamInterface<const char*> {
 protected:
  RefusedPortTest() { cluster_.set_scheduling_policy(GetParam()); }

  // `end` makes the only worker that listens cease to. The port is refused
  // then, and as long as its successor is there and does not listen.
  void RefusedFrom(
      const std::function<void(const std::shared_ptr<Worker>&)>& end) {
    const auto worker = Start();
    const int port = Listen(worker, "listen a");
    EXPECT_EQ(ServedBy(port), worker->id());
    end(worker);
    AwaitRefused(port);
    const auto successor = Start();
    EXPECT_FALSE(Client(port).connected());
    EXPECT_EQ(Listen(successor, "listen a port=" + std::to_string(port)), port);
    EXPECT_EQ(ServedBy(port), successor->id());
  }
};

INSTANTIATE_TEST_SUITE_P(UnderEachPolicy,
                         RefusedPortTest,
                         ::testing::Values(kSchedRr, kSchedNone));

TEST_P(RefusedPortTest, B089_FromTheClose) {
  RefusedFrom([&](const auto& worker) { Ask(worker, "close a", "a closed"); });
}

TEST_P(RefusedPortTest, B089_FromTheDisconnect) {
  RefusedFrom([&](const auto& worker) { worker->disconnect(); });
}

TEST_P(RefusedPortTest, B089_FromTheWorkersOwnDisconnect) {
  RefusedFrom([&](const auto& worker) { Tell(worker, "disconnect"); });
}

TEST_P(RefusedPortTest, B089_FromTheExit) {
  RefusedFrom([&](const auto& worker) { Tell(worker, "exit 1"); });
}

TEST_P(RefusedPortTest, B089_FromTheDeath) {
  RefusedFrom([&](const auto& worker) {
    worker->kill(SIGKILL);
    RunUntilDead(worker);
  });
}

}  // namespace
}  // namespace cluster
