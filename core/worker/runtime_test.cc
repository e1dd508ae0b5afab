#include "core/worker/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "core/control/worker_exit.h"
#include "core/scoreboard/claim.h"
#include "core/worker/forked_runtime.h"
#include "plugins/host/exit_code.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kNoDeadline = UINT64_MAX;

std::string PluginPath(const std::string& name) {
  char* const directory = get_current_dir_name();
  const std::string path =
      std::string(directory) + "/core/worker/" + name + ".so";
  free(directory);
  return path;
}

const std::string& Plugin() {
  static const std::string path = PluginPath("test_plugin");
  return path;
}
const std::string& Embedded() {
  static const std::string path = PluginPath("embedded_test_plugin");
  return path;
}

// Waits until the plugin has the connection: it says "h".
bool Greeted(const UniqueFd& client) {
  char byte = 0;
  return HasInput(client.get()) && read(client.get(), &byte, 1) == 1 &&
         byte == 'h';
}

// Waits until nobody holds the connection any more.
bool Ended(const UniqueFd& client) {
  char byte;
  return HasInput(client.get()) && read(client.get(), &byte, 1) == 0;
}

// ---- Start

TEST(RuntimeTest, SaysOnlineBeforeAnythingElse) {
  ForkedRuntime worker;
  EXPECT_EQ(worker.Next(FrameType::kOnline).type, FrameType::kOnline);
}

TEST(RuntimeTest, AsksForEachListenerAndSaysWhenItListens) {
  ForkedRuntime worker;
  worker.SendStart(Plugin());
  for (const uint32_t listener : {0u, 1u}) {
    const auto message = worker.Next(FrameType::kListen);
    EXPECT_EQ(Decode<ListenRequest>(message.payload)->listener, listener);
  }
  worker.SendListenReply();
  const auto message = worker.Next(FrameType::kListening);
  EXPECT_EQ(Decode<ListeningNotice>(message.payload)->listener, 0u);
}

TEST(RuntimeTest, FileThatIsNoPluginEndsWithItsCode) {
  ForkedRuntime worker;
  worker.SendStart("/proc/self/exe");
  EXPECT_THAT(worker.Reason(), HasSubstr("/proc/self/exe"));
  EXPECT_EQ(worker.Wait(), kExitPluginIncompatible);
}

TEST(RuntimeTest, RefusalOfCreateEndsWithItsCodeAndReason) {
  ForkedRuntime worker;
  worker.SendStart(Plugin(), {{"create", "201"}});
  EXPECT_EQ(worker.Reason(), "the plugin's create failed with status 201: no");
  EXPECT_EQ(worker.Wait(), kExitPluginRefused);
}

TEST(RuntimeTest, StartThatIsNotReadyEndsWithItsCode) {
  ForkedRuntime worker;
  worker.SendStart(Plugin(), {{"start", "1"}});
  EXPECT_EQ(worker.Reason(), "the plugin's start failed with status 1: no");
  EXPECT_EQ(worker.Wait(), kExitPluginNotReady);
}

TEST(RuntimeTest, ListenThatFailsEndsTheWorker) {
  ForkedRuntime worker;
  worker.SendStart(Plugin());
  worker.Send(FrameType::kListenReply, ListenReply{.error = EMFILE});
  EXPECT_THAT(worker.Reason(), HasSubstr("EMFILE"));
  EXPECT_EQ(worker.Wait(), kWorkerExitInternal);
}

// ---- Connections

TEST(RuntimeTest, GivesConnectionsToThePluginAndCountsThem) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  const UniqueFd first = worker.HandOff(1);
  const UniqueFd second = worker.HandOff(2);
  EXPECT_TRUE(Greeted(first));
  EXPECT_TRUE(Greeted(second));
  EXPECT_EQ(worker.page().streams[0].claim.load(), 2u);
  EXPECT_EQ(worker.page().started.load(), 2u);
  EXPECT_EQ(worker.page().completed.load(), 0u);
}

TEST(RuntimeTest, SaysThatItHasRoomWhenAskedAndOneEnds) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  worker.page().wanted = 1;
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  // The answer to the first question: no other look at the flag is under way.
  EXPECT_EQ(worker.Next(FrameType::kRoom).type, FrameType::kRoom);
  worker.page().wanted = 1;
  ASSERT_EQ(write(client.get(), "x", 1), 1);
  EXPECT_EQ(worker.Next(FrameType::kRoom).type, FrameType::kRoom);
  EXPECT_EQ(worker.page().wanted.load(), 0u);
  EXPECT_EQ(worker.page().completed.load(), 1u);
  EXPECT_TRUE(Ended(client));
}

TEST(RuntimeTest, AnswersAProbe) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  worker.page().wanted = 1;
  worker.SendHandoff({.count = 0, .first_number = 1}, {});
  EXPECT_EQ(worker.Next(FrameType::kRoom).type, FrameType::kRoom);
}

TEST(RuntimeTest, RevokedConnectionIsClosedUnseen) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  Revoke(worker.page().streams[0], 0, 1);
  const UniqueFd client = worker.HandOff(1);
  EXPECT_TRUE(Ended(client));
  EXPECT_EQ(worker.page().started.load(), 0u);
}

// ---- Drain and end

TEST(RuntimeTest, DrainBeforeStartEndsAtOnce) {
  ForkedRuntime worker;
  worker.SendDrain(kNoDeadline, 0);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, DrainWithoutConnectionsEndsAtOnce) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  worker.SendDrain(kNoDeadline, 0);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, DrainWaitsForTheOpenConnections) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(kNoDeadline, 1);
  (void)worker.Next(FrameType::kLog);
  client.Reset();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, DrainTellsThePlugin) {
  ForkedRuntime worker;
  worker.Serve(Plugin(), {{"drain", "close"}});
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(kNoDeadline, 1);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, DrainTakesWhatWasSentBefore) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  worker.SendDrain(kNoDeadline, 1);
  UniqueFd client = worker.HandOff(1);
  EXPECT_TRUE(Greeted(client));
  client.Reset();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, DrainEndsWhenThePrimaryTookTheRestBack) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  worker.SendDrain(kNoDeadline, 3);
  Revoke(worker.page().streams[0], 0, 3);
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, DrainDeadlineCutsWhatIsOpen) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(20, 1);
  (void)worker.Next(FrameType::kLog);
  const auto message = worker.Next(FrameType::kLog);
  EXPECT_THAT(Decode<LogLine>(message.payload)->text,
              HasSubstr("1 open connections are cut"));
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, EndsWhenThePrimaryIsGone) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.Close();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

// The socket is full while the plugin stops: all it said arrives all the same,
// and none of its code runs any more.
TEST(RuntimeTest, LastWordsArriveAndNothingRunsAfterStop) {
  ForkedRuntime worker;
  worker.Serve(Plugin(), {{"stop", "chatty"}});
  worker.SendDrain(kNoDeadline, 0);
  std::string last;
  for (int i = 0; i <= 100; ++i) {
    last = Decode<LogLine>(worker.Next(FrameType::kLog).payload)->text;
  }
  EXPECT_EQ(last, "the end");
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

TEST(RuntimeTest, EndsWithFullSocketWhenThePrimaryIsGone) {
  ForkedRuntime worker;
  worker.Serve(Plugin(), {{"stop", "chatty"}});
  worker.Close();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

// ---- A plugin with a loop of its own

TEST(RuntimeTest, EmbeddedPluginServesAndDrains) {
  ForkedRuntime worker;
  worker.Serve(Embedded());
  UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.SendDrain(kNoDeadline, 1);
  (void)worker.Next(FrameType::kLog);
  client.Reset();
  EXPECT_EQ(worker.Wait(), kWorkerExitOk);
}

// What the plugin says and closes outside dispatch() does not wait for the
// next event inside.
TEST(RuntimeTest, EmbeddedPluginIsHeardOutsideDispatch) {
  ForkedRuntime worker;
  worker.Serve(Embedded());
  const UniqueFd client = worker.HandOff(1);
  ASSERT_TRUE(Greeted(client));
  worker.EndRound();
  worker.page().wanted = 1;
  ASSERT_EQ(write(client.get(), "x", 1), 1);
  EXPECT_EQ(worker.Next(FrameType::kLog).type, FrameType::kLog);
  EXPECT_EQ(worker.Next(FrameType::kRoom).type, FrameType::kRoom);
}

TEST(RuntimeTest, EmbeddedLoopThatReturnsEndsTheWorker) {
  ForkedRuntime worker;
  worker.SendStart(Embedded(), {{"run", "return"}});
  EXPECT_THAT(worker.Reason(), HasSubstr("run() returned 201"));
  EXPECT_EQ(worker.Wait(), kExitPluginLoopEnded);
}

// ---- A primary that makes no sense

TEST(RuntimeTest, UnknownFrameEndsWithProtocol) {
  ForkedRuntime worker;
  worker.Send(FrameType{99}, ListeningNotice{});
  EXPECT_THAT(worker.Reason(), HasSubstr("type 99"));
  EXPECT_EQ(worker.Wait(), kWorkerExitProtocol);
}

TEST(RuntimeTest, StartWithoutDescriptorsEndsWithProtocol) {
  ForkedRuntime worker;
  worker.Send(FrameType::kStart, Start{});
  EXPECT_THAT(worker.Reason(), HasSubstr("descriptors"));
  EXPECT_EQ(worker.Wait(), kWorkerExitProtocol);
}

TEST(RuntimeTest, SecondStartEndsWithProtocol) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  worker.SendStart(Plugin());
  EXPECT_THAT(worker.Reason(), HasSubstr("second Start"));
  EXPECT_EQ(worker.Wait(), kWorkerExitProtocol);
}

TEST(RuntimeTest, PayloadThatDoesNotDecodeEndsWithProtocol) {
  ForkedRuntime worker;
  worker.Send(FrameType::kDrain, std::string("?"));
  EXPECT_EQ(worker.Wait(), kWorkerExitProtocol);
}

TEST(RuntimeTest, MalformedHandoffEndsWithProtocol) {
  ForkedRuntime worker;
  worker.Serve(Plugin());
  worker.SendHandoff({.magic = 1, .count = 1, .first_number = 1}, {0});
  EXPECT_THAT(worker.Reason(), HasSubstr("malformed"));
  EXPECT_EQ(worker.Wait(), kWorkerExitProtocol);
}

}  // namespace
}  // namespace cluster
