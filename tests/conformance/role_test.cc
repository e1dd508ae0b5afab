// Rows B001 to B013: who is a primary, who is a worker, and what each has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

using RoleTest = ClusterTest;

TEST_F(RoleTest, B001_RoleIsFixedAtTheStart) {
  EXPECT_TRUE(cluster_.is_primary());
  EXPECT_FALSE(cluster_.is_worker());
  // What comes into the environment later makes no difference.
  setenv("CLUSTER_CHANNEL_FD", "3", 1);
  char* no_arguments[] = {nullptr};
  EXPECT_TRUE(Cluster(0, no_arguments).is_primary());
  unsetenv("CLUSTER_CHANNEL_FD");
  const auto worker = Fork({"print", "role"});
  Run();
  EXPECT_EQ(Printed(worker->id()), "worker");
}

TEST_F(RoleTest, B002_VariablesAreGoneBeforeTheProgramRuns) {
  Fork({"print", "env:CLUSTER_CHANNEL_FD", "env:CLUSTER_WORKER_ID"});
  Fork({"grandchild"});
  Run();
  EXPECT_EQ(Printed(1), "(none) (none)");
  EXPECT_EQ(Printed(2), "primary");
}

TEST_F(RoleTest, B003_IdCannotBeForged) {
  Fork({"print", "id"},
       {{"CLUSTER_WORKER_ID", "99"}, {"CLUSTER_CHANNEL_FD", "98"}});
  Run();
  EXPECT_EQ(Printed(1), "1");
}

TEST_F(RoleTest, B004_EnvironmentIsThePrimarysWithTheForksOver) {
  setenv("CONFORMANCE_KEPT", "kept", 1);
  setenv("CONFORMANCE_CHANGED", "before", 1);
  setenv("CONFORMANCE_REMOVED", "before", 1);
  Fork({"print",
        "env:CONFORMANCE_KEPT",
        "env:CONFORMANCE_CHANGED",
        "env:CONFORMANCE_REMOVED",
        "env:CONFORMANCE_NEW"},
       {{"CONFORMANCE_CHANGED", "after"},
        {"CONFORMANCE_REMOVED", std::nullopt},
        {"CONFORMANCE_NEW", ""}});
  Run();
  EXPECT_EQ(Printed(1), "kept after (none) ");
}

TEST_F(RoleTest, B005_ChannelIsTheIpcSlot) {
  const std::vector<Stdio> stdio = {
      Stdio::ipc(), Stdio::pipe(), Stdio::inherit(), Stdio::ignore()};
  bool online = false;
  cluster_.on(events::online, [&](Worker&) { online = true; });
  cluster_.fork({.settings = {.args = {{"print", "fds"}}, .stdio = stdio}});
  Run();
  EXPECT_TRUE(online);
  EXPECT_THAT(Printed(1), HasSubstr("0 1 2 3 "));
}

// A worker without a channel ends; one that has shut another socket does not.
TEST_F(RoleTest, B005_ThatIsWhereTheChannelEnds) {
  const std::vector<Stdio> stdio = {
      Stdio::ipc(), Stdio::pipe(), Stdio::inherit(), Stdio::pipe()};
  const auto alive =
      cluster_.fork({.settings = {.args = {{"shut", "3"}}, .stdio = stdio}});
  std::shared_ptr<Worker> ends;
  on_printed_ = [&] {
    if (ends != nullptr) return;
    ends =
        cluster_.fork({.settings = {.args = {{"shut", "0"}}, .stdio = stdio}});
    ends->on(events::disconnect, [&] {
      EXPECT_EQ(ends->exited_after_disconnect(), false);
      EXPECT_TRUE(alive->is_connected());
      alive->disconnect();
    });
  };
  Run();
  ASSERT_NE(ends, nullptr);
  EXPECT_EQ(ends->process().exit_code(), 0);
  EXPECT_EQ(alive->exited_after_disconnect(), true);
}

// The variable without a channel behind it.
TEST_F(RoleTest, B006_RoleByHandIsAnError) {
  const int status = system(
      "CLUSTER_CHANNEL_FD=77 /proc/$PPID/exe idle 2>&1 |"
      " grep -q 'CLUSTER_CHANNEL_FD is set but is no control channel'");
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const int code = system("CLUSTER_CHANNEL_FD= /proc/$PPID/exe idle 2>&-");
  EXPECT_EQ(WEXITSTATUS(code), 2);
}

TEST_F(RoleTest, B007_PolicyComesFromTheEnvironment) {
  const auto policy_by = [](const char* value) {
    setenv("CLUSTER_SCHED_POLICY", value, 1);
    char* no_arguments[] = {nullptr};
    const std::string policy = Cluster(0, no_arguments).scheduling_policy();
    unsetenv("CLUSTER_SCHED_POLICY");
    return policy;
  };
  EXPECT_EQ(cluster_.scheduling_policy(), kSchedRr);
  EXPECT_EQ(policy_by("none"), kSchedNone);
  EXPECT_EQ(policy_by("rr"), kSchedRr);
  EXPECT_EQ(policy_by("least_connections"), "least_connections");
  EXPECT_EQ(policy_by(""), kSchedRr);
  EXPECT_EQ(policy_by("no such policy"), kSchedRr);
}

TEST_F(RoleTest, B008_WorkersHaveNoPolicy) {
  const auto worker = Fork({"call", "policy"});
  Run();
  EXPECT_EQ(worker->process().exit_code(), 1);
}

TEST_F(RoleTest, B009_WhatThePrimaryHas) {
  EXPECT_TRUE(cluster_.is_primary());
  EXPECT_TRUE(cluster_.workers().empty());
  EXPECT_NE(cluster_.settings(), nullptr);
  EXPECT_STREQ(kSchedNone, "none");
  EXPECT_STREQ(kSchedRr, "rr");
  EXPECT_EQ(cluster_.scheduling_policy(), kSchedRr);
  EXPECT_TRUE(cluster_.setup_primary().ok());
  EXPECT_EXIT(cluster_.worker(),
              ::testing::ExitedWithCode(1),
              "worker\\(\\) is for workers");
}

TEST_F(RoleTest, B010_WorkersCannotFork) {
  const auto worker = Fork({"call", "fork"});
  Run();
  EXPECT_EQ(worker->process().exit_code(), 1);
}

TEST_F(RoleTest, B011_ClusterOfAWorkerHasNoEvents) {
  Fork({"events"});
  Run();
  EXPECT_EQ(Printed(1), "its own and 0");
}

TEST_F(RoleTest, B012_ForkAndDisconnectMayBeKeptAsFunctions) {
  const std::function<std::shared_ptr<Worker>()> fork =
      [fork = std::bind_front(&Cluster::fork, &cluster_)] {
        return fork(ForkOptions{.settings = Does({"idle"})});
      };
  const std::function<void(std::function<void()>)> disconnect =
      std::bind_front(&Cluster::disconnect, &cluster_);
  const std::shared_ptr<Worker> worker = fork();
  bool done = false;
  disconnect([&] { done = true; });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_TRUE(done);
}

TEST_F(RoleTest, B013_WorkerThatNobodyForked) {
  const auto worker = std::make_shared<Worker>(0, nullptr);
  EXPECT_EQ(worker->id(), 0u);
  EXPECT_EQ(worker->state(), WorkerState::kNone);
  EXPECT_EQ(worker->process().pid(), -1);
  EXPECT_FALSE(worker->exited_after_disconnect().has_value());
  EXPECT_FALSE(worker->process().kill());
  worker->disconnect();
}

class PolicyTest : public ClusterTest {
 protected:
  // Of a worker of the cluster that serves.
  static std::string ListeningSockets(Cluster& cluster) {
    std::string printed;
    const ListenerId id = cluster.on(events::fork, [&](Worker& worker) {
      worker.process().stream(1)->on_data([&](std::string_view text) {
        printed.append(text);
        worker.disconnect();
      });
    });
    cluster.fork({.settings = Does({"sockets"})});
    EXPECT_EQ(cluster.run(), 0);
    cluster.off(id);
    return printed;
  }
};

TEST_F(PolicyTest, B109_ThePrimaryHasTheListeningSocket) {
  EXPECT_EQ(ListeningSockets(cluster_), "0");
}

TEST_F(PolicyTest, B138_WorkersHaveTheSocketThatTheyShare) {
  cluster_.set_scheduling_policy(kSchedNone);
  EXPECT_EQ(ListeningSockets(cluster_), "1");
}

TEST_F(PolicyTest, B033_PolicyIsThatOfTheFirstSetup) {
  ASSERT_TRUE(cluster_.setup_primary().ok());
  cluster_.set_scheduling_policy(kSchedNone);
  EXPECT_EQ(cluster_.scheduling_policy(), kSchedNone);
  EXPECT_EQ(ListeningSockets(cluster_), "0");
}

TEST_F(RoleTest, B034_UnknownPolicyIsRefusedEachTime) {
  cluster_.on(events::error, [](Worker&, const absl::Status&) {});
  cluster_.set_scheduling_policy("no such policy");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(cluster_.setup_primary().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(Fork({"idle"})->status().ok());
  }
  Run();
}

// Each has workers, ids and events of its own.
TEST_F(RoleTest, A23_SeveralClustersInOneProcess) {
  char* no_arguments[] = {nullptr};
  Cluster other(0, no_arguments);
  int exits = 0;
  other.on(events::exit, [&](Worker&, int code, int) { exits += code; });
  EXPECT_EQ(Fork({"exit", "1"})->id(), 1u);
  EXPECT_EQ(other.fork({.settings = Does({"exit", "10"})})->id(), 1u);
  Run();
  EXPECT_EQ(other.run(), 0);
  EXPECT_EQ(exits, 10);
}

}  // namespace
}  // namespace cluster
