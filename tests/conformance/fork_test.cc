// Rows B036 to B048: what fork() gives, and how it fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/errno_status.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ForkTest = ClusterTest;

TEST_F(ForkTest, B036_ForkReturnsTheWorkerAtOnce) {
  const std::shared_ptr<Worker> worker = Fork({"exit", "0"});
  EXPECT_GT(worker->process().pid(), 0);
  EXPECT_EQ(kill(worker->process().pid(), 0), 0);
  EXPECT_EQ(worker->state(), WorkerState::kNone);
  EXPECT_TRUE(worker->is_connected());
  EXPECT_FALSE(worker->is_dead());
  EXPECT_FALSE(worker->exited_after_disconnect().has_value());
  EXPECT_EQ(cluster_.workers().at(worker->id()), worker);
  Run();
}

TEST_F(ForkTest, B037_IdsCountUpAndFailuresUseThemUp) {
  cluster_.on(events::error, [](Worker&, const absl::Status&) {});
  EXPECT_EQ(Fork({"exit", "0"})->id(), 1u);
  EXPECT_EQ(cluster_.fork({.settings = {.exec = "/does/not/exist"}})->id(), 2u);
  EXPECT_EQ(cluster_.fork({.settings = {.plugin = "/no/such.so"}})->id(), 3u);
  EXPECT_EQ(cluster_.fork({.settings = {.stdio = std::vector<Stdio>()}})->id(),
            4u);
  Run();
  EXPECT_EQ(Fork({"exit", "0"})->id(), 5u);
  Run();
}

TEST_F(ForkTest, B038_WorkersAreInTheOrderOfTheirIds) {
  for (int i = 0; i < 3; ++i) Fork({"idle"});
  std::vector<uint32_t> ids;
  for (const auto& [id, worker] : cluster_.workers()) ids.push_back(id);
  EXPECT_THAT(ids, ElementsAre(1, 2, 3));
  cluster_.disconnect();
  Run();
  EXPECT_TRUE(cluster_.workers().empty());
}

TEST_F(ForkTest, B039_ForkEventComesAfterForkHasReturned) {
  const std::shared_ptr<Worker> worker = Fork({"exit", "0"});
  LogEvents();  // in time, for it was not told yet
  EXPECT_TRUE(log_.empty());
  Run();
  EXPECT_EQ(log_.front(), "fork 1");
}

TEST_F(ForkTest, B040_OnlineIsOfTheWorkerAndThenOfTheCluster) {
  const std::shared_ptr<Worker> worker = Fork({"exit", "0"});
  worker->on(events::online, [&] {
    EXPECT_EQ(worker->state(), WorkerState::kOnline);
    log_.push_back("of the worker");
  });
  cluster_.on(events::online, [&](Worker& online) {
    EXPECT_EQ(&online, worker.get());
    log_.push_back("of the cluster");
  });
  Run();
  EXPECT_THAT(log_, ElementsAre("of the worker", "of the cluster"));
}

TEST_F(ForkTest, B044_MissingProgramIsReportedByEvents) {
  LogEvents();
  const auto worker = cluster_.fork({.settings = {.exec = "/does/not/exist"}});
  EXPECT_EQ(worker->process().pid(), -1);
  EXPECT_EQ(worker->process().exit_code(), -ENOENT);
  EXPECT_TRUE(worker->is_dead());
  EXPECT_TRUE(IsMember(*worker));
  absl::Status status;
  worker->on(events::error, [&](const absl::Status& why) {
    status = why;
    log_.push_back("error of the worker");
  });
  worker->on(events::disconnect, [&] { EXPECT_FALSE(IsMember(*worker)); });
  Run();
  EXPECT_THAT(
      log_,
      ElementsAre("error of the worker", "error 1", "fork 1", "disconnect 1"));
  EXPECT_EQ(ErrnoOf(status), ENOENT);
  EXPECT_EQ(SyscallOf(status), "spawn");
  EXPECT_THAT(std::string(status.message()), HasSubstr("/does/not/exist"));
}

TEST_F(ForkTest, B044_ErrorThatNobodyListensForEndsThePrimary) {
  ::testing::internal::CaptureStderr();
  Fork({"idle"});
  cluster_.fork({.settings = {.exec = "/does/not/exist"}});
  EXPECT_EQ(cluster_.run(), 1);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("cluster: worker 2: spawn /does/not/exist"));
}

TEST_F(ForkTest, B045_OtherFailuresAreKnownAtOnce) {
  LogEvents();
  const std::string too_long(200'000, 'x');
  const auto worker = cluster_.fork({.settings = {.args = {{too_long}}}});
  EXPECT_EQ(ErrnoOf(worker->status()), E2BIG);
  EXPECT_FALSE(IsMember(*worker));
  Run();
  EXPECT_THAT(log_, ElementsAre("error 1"));
}

TEST_F(ForkTest, B047_NobodyIsReplaced) {
  LogEvents();
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] { worker->kill(SIGKILL); });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 9"));
}

TEST_F(ForkTest, B048_RunReturnsWhenTheLastWorkerIsGone) {
  Run();  // at once
  Fork({"exit", "0"});
  Fork({"exit", "0"});
  Run();
  EXPECT_TRUE(cluster_.workers().empty());
  // And may be called again.
  const auto worker = Fork({"exit", "3"});
  Run();
  EXPECT_EQ(worker->process().exit_code(), 3);
}

// And not when some timer that is nobody's looks the next time.
TEST_F(ForkTest, B048_NothingElseHoldsRunUp) {
  const absl::Time start = absl::Now();
  for (int i = 0; i < 30; ++i) {
    Fork({"exit", "0"});
    Run();
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(25));
}

// Nor what looks after messages that somebody did not read.
TEST_F(ForkTest, B048_MessagesOfTheDeadDoNotHoldRunUp) {
  const absl::Time start = absl::Now();
  for (int i = 0; i < 60; ++i) {
    const auto deaf = Fork({"busy"});
    const auto worker = Fork({"tells"});
    worker->on(events::exit, [deaf](int, int) { deaf->kill(); });
    Run();
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
}

TEST_F(ForkTest, B047_ExitMayForkASuccessor) {
  LogEvents();
  cluster_.on(events::exit, [&](Worker& worker, int, int) {
    if (worker.id() < 3) Fork({"exit", "0"});
  });
  Fork({"exit", "0"});
  Run();
  EXPECT_EQ(log_.size(), 12u) << "four events of each";
}

}  // namespace
}  // namespace cluster
