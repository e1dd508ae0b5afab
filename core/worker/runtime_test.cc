#include "core/worker/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/control/worker_exit.h"
#include "core/scoreboard/claim.h"
#include "core/worker/testing/forked_runtime.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/exit_code.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

// ---- Start

TEST(RuntimeTest, SaysOnlineBeforeAnythingElse) {
  ForkedRuntime worker;
  EXPECT_EQ(worker.Next(FrameType::kOnline).type, FrameType::kOnline);
}

TEST(RuntimeTest, AsksForEachListenerAndSaysWhenItListens) {
  ForkedRuntime worker;
  worker.SendStart(TestPlugin());
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
  EXPECT_EQ(worker.Wait(), kWorkerExitPluginIncompatible);
}

TEST(RuntimeTest, RefusalOfCreateEndsWithItsCodeAndReason) {
  ForkedRuntime worker;
  worker.SendStart(TestPlugin(), {{"create", "201"}});
  EXPECT_EQ(worker.Reason(),
            "create of runtime_test failed with status 201: no");
  EXPECT_EQ(worker.Wait(), kWorkerExitPluginRefused);
}

TEST(RuntimeTest, StartThatIsNotReadyEndsWithItsCode) {
  ForkedRuntime worker;
  worker.SendStart(TestPlugin(), {{"start", "1"}});
  EXPECT_EQ(worker.Reason(), "start of runtime_test failed with status 1: no");
  EXPECT_EQ(worker.Wait(), kWorkerExitPluginNotReady);
}

// Whatever it asked for in create is for a plugin that has started.
TEST(RuntimeTest, NothingIsCalledOfAPluginThatDidNotStart) {
  for (const std::string function : {"create", "start"}) {
    for (const std::string early : {"timer", "listen", "message"}) {
      SCOPED_TRACE(absl::StrCat(function, ", ", early));
      ForkedRuntime worker;
      worker.Stop();  // it is to read both at once
      worker.SendStart(TestPlugin(), {{function, "201"}, {"early", early}});
      worker.SendDelivery("text");
      worker.Continue();
      EXPECT_EQ(worker.Reason(),
                absl::StrCat(function,
                             " of runtime_test failed with status 201: no"));
      EXPECT_EQ(worker.Wait(), kWorkerExitPluginRefused);
    }
  }
}

TEST(RuntimeTest, ListenThatFailsEndsTheWorker) {
  ForkedRuntime worker;
  worker.SendStart(TestPlugin());
  worker.Send(FrameType::kListenReply, ListenReply{.error = EMFILE});
  EXPECT_THAT(worker.Reason(), HasSubstr("EMFILE"));
  EXPECT_EQ(worker.Wait(), kWorkerExitInternal);
}

// ---- Connections

TEST(RuntimeTest, GivesConnectionsToThePluginAndCountsThem) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
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
  worker.Serve(TestPlugin());
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
  worker.Serve(TestPlugin());
  worker.page().wanted = 1;
  worker.SendHandoff({.count = 0, .first_number = 1}, {});
  EXPECT_EQ(worker.Next(FrameType::kRoom).type, FrameType::kRoom);
}

TEST(RuntimeTest, RevokedConnectionIsClosedUnseen) {
  ForkedRuntime worker;
  worker.Serve(TestPlugin());
  Revoke(worker.page().streams[0], 0, 1);
  const UniqueFd client = worker.HandOff(1);
  EXPECT_TRUE(Ended(client));
  EXPECT_EQ(worker.page().started.load(), 0u);
}

TEST(RuntimeTest, RoundWithinARoundIsRefused) {
  for (const std::string& plugin : {TestPlugin(), EmbeddedTestPlugin()}) {
    ForkedRuntime worker;
    worker.Serve(plugin, {{"dispatch", "nested"}});
    const auto log = [&worker] {
      return Decode<LogLine>(worker.Next(FrameType::kLog).payload)->text;
    };
    const UniqueFd client = worker.HandOff(1);
    EXPECT_THAT(log(), HasSubstr("dispatch: called outside of run"));
    EXPECT_EQ(log(), absl::StrCat("dispatch: ", CLUSTER_E_STATE));
    ASSERT_TRUE(Greeted(client));
    ASSERT_EQ(write(client.get(), "x", 1), 1);
    EXPECT_TRUE(Ended(client)) << "it goes on";
  }
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
  worker.Serve(TestPlugin());
  worker.SendStart(TestPlugin());
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
  worker.Serve(TestPlugin());
  worker.SendHandoff({.magic = 1, .count = 1, .first_number = 1}, {0});
  EXPECT_THAT(worker.Reason(), HasSubstr("malformed"));
  EXPECT_EQ(worker.Wait(), kWorkerExitProtocol);
}

}  // namespace
}  // namespace cluster
