// The end of a Cluster in a process that lives on: rows B036, B048 and B252
// hold for it, too, and nothing of it stays.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "ipc/open_fds.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

class LifetimeTest : public ClusterTest {
 protected:
  char name_[8] = "program";
  char* argv_[2] = {name_, nullptr};
};

// One that idles, one that never returns to its loop, one that is stopped.
TEST_F(LifetimeTest, ClusterThatEndsLeavesNoProcessAndNoDescriptor) {
  const size_t before = OpenFds();
  {
    boost::asio::io_context io;
    Cluster cluster(1, argv_, {.io = &io});
    size_t online = 0;
    cluster.on(events::online, [&](Worker& worker) {
      if (worker.id() == 3) kill(worker.process().pid(), SIGSTOP);
      if (++online == 3) io.stop();
    });
    for (const char* does : {"idle", "busy", "idle"}) {
      cluster.fork({.settings = Does({does})});
    }
    io.run();
    EXPECT_EQ(ChildrenOf(getpid()).size(), 3u);
  }
  EXPECT_TRUE(ChildrenOf(getpid()).empty());
  EXPECT_EQ(OpenFds(), before);
}

// It is the worker's affair when it ends: nobody kills it for not seeing that
// its channel is closed.
TEST_F(LifetimeTest, B226_WhoHangsThenEndsWhenItGetsToRun) {
  boost::asio::io_context io;
  boost::asio::steady_timer timer(io);
  Cluster cluster(1, argv_, {.io = &io});
  const auto worker = cluster.fork({.settings = Does({"idle"})});
  worker->on(events::online, [&] {
    kill(worker->process().pid(), SIGSTOP);
    worker->process().disconnect();
  });
  worker->on(events::disconnect, [&] {
    // Longer than anybody is given who is killed.
    timer.expires_after(std::chrono::seconds(3));
    timer.async_wait([&](const boost::system::error_code&) {
      EXPECT_FALSE(worker->is_dead());
      kill(worker->process().pid(), SIGCONT);
    });
  });
  EXPECT_EQ(cluster.run(), 0);
  EXPECT_EQ(worker->process().exit_code(), 0);
}

TEST_F(LifetimeTest, WorkerThatOutlivesItsClusterOnlyTellsWhatItWas) {
  std::shared_ptr<Worker> worker;
  {
    Cluster cluster(1, argv_);
    worker = cluster.fork({.settings = Does({"idle"})});
  }
  EXPECT_EQ(worker->id(), 1u);
  EXPECT_FALSE(worker->send("x"));
  worker->on(events::message, [](const Message&, Handle&) {});
  // There are no turns any more in which they could be told later.
  absl::Status sent;
  EXPECT_FALSE(
      worker->send("x", [&](const absl::Status& status) { sent = status; }));
  EXPECT_EQ(sent.code(), absl::StatusCode::kNotFound);
  absl::Status replied;
  worker->request("x", absl::InfiniteDuration(), [&](Reply& reply) {
    replied = reply.status;
  });
  EXPECT_EQ(replied.code(), absl::StatusCode::kNotFound);
  worker->disconnect();
  worker->kill();
  EXPECT_FALSE(worker->process().kill(0));
}

TEST_F(LifetimeTest, ListenersThatHoldTheirWorkerEndWithTheCluster) {
  std::weak_ptr<Worker> watched;
  {
    Cluster cluster(1, argv_);
    const auto worker = cluster.fork({.settings = Does({"idle"})});
    worker->on(events::exit, [worker](int, int) {});
    watched = worker;
  }
  EXPECT_TRUE(watched.expired());
}

TEST_F(LifetimeTest, RunAfterAnErrorThatNobodyHeardBeginsAnew) {
  Cluster cluster(1, argv_);
  cluster.fork({.settings = {.exec = "/nonexistent"}});
  EXPECT_EQ(cluster.run(), 1);
  const auto worker = cluster.fork({.settings = Does({"exit", "0"})});
  EXPECT_EQ(cluster.run(), 0);
  EXPECT_TRUE(worker->is_dead());
}

// Nothing runs where there is no such policy, and nothing may crash.
TEST_F(LifetimeTest, WorkerOfAnUnknownPolicy) {
  Cluster cluster(1, argv_);
  cluster.on(events::error, [](Worker&, const absl::Status&) {});
  cluster.set_scheduling_policy("nonsense");
  const auto worker = cluster.fork();
  EXPECT_FALSE(worker->status().ok());
  EXPECT_FALSE(worker->send("x"));
  EXPECT_FALSE(cluster.send_to_all("x"));
  worker->disconnect();
  worker->process().disconnect();
  worker->kill();
  EXPECT_EQ(cluster.run(), 0);
}

}  // namespace
}  // namespace cluster
