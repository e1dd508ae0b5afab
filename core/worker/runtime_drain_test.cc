// How a worker ends: drained, alone, or with a plugin whose loop is its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/worker_exit.h"
#include "core/scoreboard/claim.h"
#include "core/worker/runtime.h"
#include "core/worker/testing/forked_runtime.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "plugins/host/exit_code.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kNoDeadline = UINT64_MAX;

TEST(RuntimeDrainTest, DrainBeforeStartEndsAtOnce) {
  ForkedRuntime worker;
  worker.SendDrain(kNoDeadline, 0);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, DrainWithoutConnectionsEndsAtOnce) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  worker.SendDrain(kNoDeadline, 0);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, DrainWaitsForTheOpenConnections) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(kNoDeadline, 1);
  (void)worker.Next(FrameType::kLog);
  client.Reset();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, SecondDrainShortensTheTime) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(kNoDeadline, 1);
  (void)worker.Next(FrameType::kLog);
  worker.SendDrain(3'600'000, 1);
  worker.SendDrain(1, 1);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, DrainTellsThePlugin) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin(), {{"drain", "close"}});
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(kNoDeadline, 1);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

// ---- Asked for by the plugin

TEST(RuntimeDrainTest, PluginThatAsksForItsEndIsDrained) {
  for (const std::string& plugin : {TestPlugin(), EmbeddedTestPlugin()}) {
    for (const char* asks : {"d", "t"}) {  // on the loop's thread, and another
      ForkedRuntime worker;
      worker.Serve(plugin);
      UniqueFd client = worker.HandOff(1);
      ASSERT_TRUE(Greeted(client));
      ASSERT_EQ(write(client.get(), asks, 1), 1);
      (void)worker.Next(FrameType::kDisconnect);
      worker.SendDrain(kNoDeadline, 1);
      client.Reset();
      EXPECT_EQ(worker.Wait(), kWorkerExitOk);
    }
  }
}

TEST(RuntimeDrainTest, PluginThatAsksForItsEndAtOnceIsCut) {
  for (const std::string& plugin : {TestPlugin(), EmbeddedTestPlugin()}) {
    ForkedRuntime worker;
    worker.Serve(plugin);
    const UniqueFd client = worker.HandOff(1);
    ASSERT_TRUE(Greeted(client));
    ASSERT_EQ(write(client.get(), "k", 1), 1);
    (void)worker.Next(FrameType::kDisconnect);
    worker.SendDrain(kNoDeadline, 1);
    EXPECT_EQ(worker.Wait(), kWorkerExitOk);
  }
}

TEST(RuntimeDrainTest, DrainThatLastsTooLongForThePluginIsCut) {
  for (const std::string& plugin : {TestPlugin(), EmbeddedTestPlugin()}) {
    ForkedRuntime worker;
    worker.Serve(plugin);
    const UniqueFd client = worker.HandOff(1);
    ASSERT_TRUE(Greeted(client));
    worker.SendDrain(kNoDeadline, 1);
    (void)worker.Next(FrameType::kLog);  // "draining"
    ASSERT_EQ(write(client.get(), "k", 1), 1);
    EXPECT_EQ(worker.Wait(), kWorkerExitOk);
  }
}

TEST(RuntimeDrainTest, DrainTakesWhatWasSentBefore) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  worker.SendDrain(kNoDeadline, 1);
  UniqueFd client = worker.HandOff(1);
  EXPECT_TRUE(Greeted(client));
  client.Reset();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, DrainEndsWhenThePrimaryTookTheRestBack) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  worker.SendDrain(kNoDeadline, 3);
  Revoke(worker.page().streams[0], 0, 3);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, DrainTakesTheBacklogOfASharedListener) {
  ForkedRuntime worker;
  UniqueFd listener = *OpenListener(*ParseListenAddress("127.0.0.1:0"));
  const ListenAddress address = *LocalAddress(listener.get());
  worker.SetAcceptor(std::move(listener));
  worker.SendStart(TestPlugin());
  worker.SendListenReply(DataPath::kShare);
  (void)worker.Next(FrameType::kListening);
  worker.Stop();
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(clients.back().get(),
                      reinterpret_cast<const sockaddr*>(&address.storage),
                      address.length),
              0);
  }
  worker.SetAcceptor(UniqueFd());
  worker.SendDrain(kNoDeadline, 0);
  worker.Continue();
  for (const UniqueFd& client : clients) EXPECT_TRUE(Greeted(client));
  clients.clear();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, DrainDeadlineCutsWhatIsOpen) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(20, 1);
  (void)worker.Next(FrameType::kLog);
  const auto message = worker.Next(FrameType::kLog);
  EXPECT_THAT(Decode<LogLine>(message.payload)->text,
              HasSubstr("1 open connections are cut"));
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, EndsWhenThePrimaryIsGone) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.Close();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

// The socket is full while the plugin stops: all it said arrives all the same,
// and none of its code runs any more.
TEST(RuntimeDrainTest, LastWordsArriveAndNothingRunsAfterStop) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin(), {{"stop", "chatty"}});
  worker.SendDrain(kNoDeadline, 0);
  std::string last;
  // Two of the lines say that a stop is too late to post and to start timers.
  for (int i = 0; i <= 102; ++i) {
    last = Decode<LogLine>(worker.Next(FrameType::kLog).payload)->text;
  }
  EXPECT_EQ(last, "the end");
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, LastWordsOfAnotherThreadArrive) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin(), {{"stop", "thread"}});
  worker.SendDrain(kNoDeadline, 0);
  EXPECT_EQ(Decode<LogLine>(worker.Next(FrameType::kLog).payload)->text,
            "a thread");
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeDrainTest, EndsWithFullSocketWhenThePrimaryIsGone) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin(), {{"stop", "chatty"}});
  worker.Close();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

// It waits a little for room, and no longer.
TEST(RuntimeDrainTest, EndsWithFullSocketWhenThePrimaryStandsStill) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin(), {{"stop", "chatty"}});
  worker.SendDrain(kNoDeadline, 0);
  EXPECT_EQ(worker.WaitUnread(), kWorkerExitOk);
}

// ---- A plugin with a loop of its own

TEST(RuntimeDrainTest, EmbeddedPluginServesAndDrains) {
  ForkedRuntime worker;
  worker.Serve(EmbeddedTestPlugin());
  UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(kNoDeadline, 1);
  (void)worker.Next(FrameType::kLog);
  client.Reset();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

// What the plugin says and closes outside dispatch() does not wait for the
// next event inside.
TEST(RuntimeDrainTest, EmbeddedPluginIsHeardOutsideDispatch) {
  ForkedRuntime worker;
  worker.Serve(EmbeddedTestPlugin());
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.EndRound();
  worker.page().wanted = 1;
  ASSERT_EQ(write(client.get(), "x", 1), 1);
  EXPECT_EQ(worker.Next(FrameType::kLog).type, FrameType::kLog);
  EXPECT_EQ(worker.Next(FrameType::kRoom).type, FrameType::kRoom);
}

TEST(RuntimeDrainTest, EmbeddedLoopThatReturnsEndsTheWorker) {
  ForkedRuntime worker;
  worker.SendStart(EmbeddedTestPlugin(), {{"run", "return"}});
  EXPECT_THAT(worker.Reason(), HasSubstr("run() returned 201"));
  EXPECT_EQ(worker.Wait(), kWorkerExitPluginLoopEnded);
}

}  // namespace
}  // namespace cluster
