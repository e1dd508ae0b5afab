// Rows B014 to B032: what setup_primary() and fork() take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/errno_status.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using Words = std::vector<std::string>;

using SettingTest = ClusterTest;

TEST_F(SettingTest, B014_SettingsAreEmptyBeforeTheFirstSetup) {
  EXPECT_EQ(*cluster_.settings(), Settings());
}

TEST_F(SettingTest, B015_DefaultsOfTheFirstSetup) {
  char program[] = "program";
  char one[] = "one";
  char* argv[] = {program, one, nullptr};
  Cluster cluster(2, argv);
  argv[1][0] = 'O';  // as it is when it is first read
  ASSERT_TRUE(cluster.setup_primary().ok());
  const Settings settings = *cluster.settings();
  EXPECT_EQ(access(settings.exec->c_str(), X_OK), 0);
  EXPECT_EQ(settings.args, Words({"One"}));
  EXPECT_EQ(settings.exec_args, Words());
  EXPECT_EQ(settings.silent, false);
  EXPECT_FALSE(settings.cwd || settings.stdio || settings.uid || settings.gid);
  EXPECT_FALSE(settings.plugin || settings.serialization);
}

TEST_F(SettingTest, B016_ArgumentsAreThoseOfTheFirstSetup) {
  char program[] = "program";
  char one[] = "one";
  char two[] = "two";
  char three[] = "three";
  char* argv[] = {program, one, nullptr, nullptr};
  Cluster cluster(3, argv);
  argv[2] = two;  // before
  ASSERT_TRUE(cluster.setup_primary().ok());
  argv[1] = three;  // too late
  ASSERT_TRUE(cluster.setup_primary().ok());
  EXPECT_EQ(cluster.settings()->args, Words({"one", "two"}));
}

TEST_F(SettingTest, B017_WhatIsNotMentionedStays) {
  ASSERT_TRUE(cluster_.setup_primary({.args = {{"a"}}}).ok());
  ASSERT_TRUE(cluster_.setup_primary({.silent = true}).ok());
  ASSERT_TRUE(cluster_.setup_primary().ok());
  EXPECT_EQ(cluster_.settings()->args, Words({"a"}));
  EXPECT_EQ(cluster_.settings()->silent, true);
}

TEST_F(SettingTest, B018_EachSetupMakesAnotherObject) {
  ASSERT_TRUE(cluster_.setup_primary({.args = {{"a"}}}).ok());
  const auto before = cluster_.settings();
  ASSERT_TRUE(cluster_.setup_primary({.args = {{"b"}}}).ok());
  EXPECT_EQ(before->args, Words({"a"}));
  EXPECT_NE(before, cluster_.settings());
}

TEST_F(SettingTest, B019_LaterForksOnly) {
  ASSERT_TRUE(cluster_.setup_primary(Does({"print", "args", "1"})).ok());
  cluster_.fork();
  ASSERT_TRUE(cluster_.setup_primary({.args = {{"print", "args", "2"}}}).ok());
  cluster_.fork();
  Run();
  EXPECT_EQ(Printed(1), "[print][args][1]");
  EXPECT_EQ(Printed(2), "[print][args][2]");
}

TEST_F(SettingTest, B020_SetupEventsComeLaterAndEachWithItsOwnSettings) {
  std::vector<Words> told;
  cluster_.on(events::setup, [&](const Settings& settings) {
    told.push_back(*settings.args);
  });
  ASSERT_TRUE(cluster_.setup_primary({.args = {{"a"}}}).ok());
  ASSERT_TRUE(cluster_.setup_primary({.args = {{"b"}}}).ok());
  ASSERT_TRUE(cluster_.setup_primary().ok());
  EXPECT_TRUE(told.empty());
  Run();
  EXPECT_THAT(told, ElementsAre(Words({"a"}), Words({"b"}), Words({"b"})));
}

TEST_F(SettingTest, B021_ForkIsASetupOfItsOwn) {
  cluster_.on(events::setup,
              [this](const Settings&) { log_.push_back("setup"); });
  cluster_.on(events::fork, [this](Worker&) { log_.push_back("fork"); });
  Fork({"exit", "0"});
  Fork({"exit", "0"});
  Run();
  EXPECT_THAT(log_, ElementsAre("setup", "fork", "setup", "fork"));
}

TEST_F(SettingTest, B022_PlansThatMakeNoSenseAreRefusedAtOnce) {
  LogEvents();
  const std::vector<std::vector<Stdio>> plans = {
      {}, {Stdio::pipe()}, {Stdio::ipc(), Stdio::ipc()}};
  for (const std::vector<Stdio>& plan : plans) {
    const auto worker = cluster_.fork({.settings = {.stdio = plan}});
    EXPECT_EQ(worker->status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(worker->is_dead());
    EXPECT_FALSE(IsMember(*worker));
  }
  EXPECT_EQ(Fork({"exit", "0"})->id(), 4u);
  Run();
  EXPECT_THAT(log_,
              ElementsAre("error 1",
                          "error 2",
                          "error 3",
                          "fork 4",
                          "online 4",
                          "disconnect 4",
                          "exit 4 0 0"));
}

// Better than Node, which starts a worker to find out.
TEST_F(SettingTest, B023_PluginThatIsNotThereIsKnownWithoutAWorker) {
  LogEvents();
  Settings settings = Does({});
  settings.plugin = "/nonexistent.so";
  const auto worker = cluster_.fork({.settings = settings});
  EXPECT_EQ(ErrnoOf(worker->status()), ENOENT);
  Run();
  EXPECT_THAT(log_, ElementsAre("error 1", "fork 1", "disconnect 1"));
}

// The worker is there before the plugin is: it goes online, and then says no.
TEST_F(SettingTest, B023_PluginThatIsNoneEndsTheWorkerAfterOnline) {
  LogEvents();
  Settings settings = Does({});
  settings.plugin = "/dev/null";
  const auto worker = cluster_.fork({.settings = settings});
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 64 0"));
  EXPECT_EQ(worker->exited_after_disconnect(), false);
}

// They are what runs the program's, as flags of a shell are.
TEST_F(SettingTest, B024_ExecArgsThatAreWrongEndItBeforeOnline) {
  LogEvents();
  cluster_.fork({.settings = {.exec = "/bin/sh",
                              .exec_args = {{"--no-such-flag"}},
                              .silent = true}});
  Run();
  EXPECT_THAT(log_, ElementsAre("fork 1", "disconnect 1", "exit 1 2 0"));
}

TEST_F(SettingTest, B025_ArgsAreTheProgramsBehindExecArgs) {
  Settings settings = Does({"args", "two words", ""});
  settings.exec_args = {{"print"}};
  cluster_.fork({.settings = settings});
  Run();
  EXPECT_EQ(Printed(1), "[print][args][two words][]");
}

TEST_F(SettingTest, B026_CwdIsOfLaterForks) {
  char here[4096];
  ASSERT_NE(getcwd(here, sizeof(here)), nullptr);
  ASSERT_TRUE(cluster_.setup_primary(Does({"print", "cwd"})).ok());
  cluster_.fork();
  ASSERT_TRUE(cluster_.setup_primary({.cwd = "/"}).ok());
  cluster_.fork();
  Run();
  EXPECT_EQ(Printed(1), here);
  EXPECT_EQ(Printed(2), "/");
}

TEST_F(SettingTest, B026_MissingCwdIsASpawnFailure) {
  LogEvents();
  const auto worker = cluster_.fork({.settings = {.cwd = "/does/not/exist"}});
  EXPECT_EQ(ErrnoOf(worker->status()), ENOENT);
  Run();
  EXPECT_THAT(log_, ElementsAre("error 1", "fork 1", "disconnect 1"));
}

TEST_F(SettingTest, B027_SilentWorkersHaveStreams) {
  const auto worker =
      cluster_.fork({.settings = {.args = {{"echo", "0"}}, .silent = true}});
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NE(worker->process().stream(i), nullptr) << i;
  }
  EXPECT_EQ(worker->process().stream(3), nullptr) << "the channel";
  EXPECT_TRUE(worker->process().stream(0)->write("over there"));
  worker->process().stream(0)->end();
  EXPECT_FALSE(worker->process().stream(0)->write("too late"));
  Run();
  EXPECT_EQ(Printed(1), "over there");
  const auto loud = cluster_.fork({.settings = {.args = {{"exit", "0"}}}});
  EXPECT_EQ(loud->process().stream(1), nullptr);
  Run();
}

TEST_F(SettingTest, B028_PipesBeyondTheStandardOnesGoBothWays) {
  std::vector<Stdio> stdio = {Stdio::inherit(),
                              Stdio::inherit(),
                              Stdio::inherit(),
                              Stdio::ipc(),
                              Stdio::pipe()};
  const auto worker =
      cluster_.fork({.settings = {.args = {{"echo", "4"}}, .stdio = stdio}});
  const std::shared_ptr<Stream> stream = worker->process().stream(4);
  // More than a socket holds.
  const std::string sent(1 << 20, 'x');
  std::string came;
  bool ended = false;
  stream->on_data([&](std::string_view data) { came.append(data); },
                  [&] { ended = true; });
  stream->write(sent);
  stream->end();
  Run();
  EXPECT_TRUE(came == sent) << came.size() << " bytes";
  EXPECT_TRUE(ended);
}

TEST_F(SettingTest, B029_UserOfTheWorker) {
  constexpr uid_t kNobody = 65'534;
  Settings settings = Does({"print", "uid"});
  settings.uid = getuid();
  settings.gid = getgid();
  if (geteuid() == 0) settings.uid = settings.gid = kNobody;
  cluster_.fork({.settings = settings});
  Run();
  EXPECT_EQ(
      Printed(1),
      std::to_string(*settings.uid) + "/" + std::to_string(*settings.gid));
}

TEST_F(SettingTest, B032_OptionsOfOneForkAreOfThatForkOnly) {
  ASSERT_TRUE(cluster_.setup_primary(Does({"print", "args"})).ok());
  cluster_.fork({.settings = {.args = {{"print", "role"}}}});
  cluster_.fork();
  Run();
  EXPECT_EQ(Printed(1), "worker");
  EXPECT_EQ(Printed(2), "[print][args]");
}

}  // namespace
}  // namespace cluster
