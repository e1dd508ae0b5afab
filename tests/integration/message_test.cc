// Messages of plugins between real workers, through the real primary.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_log.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

// Some of the three workers of a host, by slot, each with a client who says
// what it shall do (tests/plugins/courier.cc).
class MessageTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kWorkers = 3;

  MessageTest()
      : host_({TestPlugin("courier"), absl::StrCat("--workers=", kWorkers)}) {
    EXPECT_TRUE(host_.AwaitServing(kWorkers));
    EXPECT_TRUE(Meet());
  }

  // Connects until there is a client at every slot.
  AssertionResult Meet() {
    return AwaitTrue([this] {
      if (clients_.size() == kWorkers) return true;
      auto client = std::make_unique<Client>(ConnectTo(host_.port()));
      client->Send("who\n");
      const std::string who = client->ReadUntil("\n");
      const size_t slot = who.find("slot ");
      if (slot == std::string::npos) return false;
      clients_.emplace(std::atoi(who.c_str() + slot + 5), std::move(client));
      return clients_.size() == kWorkers;
    })
               ? AssertionSuccess()
               : AssertionFailure() << "met " << clients_.size() << " workers";
  }

  void Tell(int slot, const std::string& command) {
    clients_.at(slot)->Send(command + "\n");
  }
  std::string Hear(int slot) {
    std::string line = clients_.at(slot)->ReadUntil("\n");
    if (!line.empty()) line.pop_back();
    return line;
  }
  std::string Do(int slot, const std::string& command) {
    Tell(slot, command);
    return Hear(slot);
  }
  uint32_t WorkerIn(int slot) {
    return static_cast<uint32_t>(
        std::atoi(Do(slot, "who").c_str() + std::string("worker ").size()));
  }
  pid_t PidIn(int slot) { return host_.Workers().at(WorkerIn(slot)); }
  size_t ResidentKib() {
    return static_cast<size_t>(
        std::atoi(StatusField(host_.pid(), "VmRSS").c_str()));
  }
  size_t PeakKib() {
    return static_cast<size_t>(
        std::atoi(StatusField(host_.pid(), "VmHWM").c_str()));
  }

  HostProcess host_;
  std::map<int, std::unique_ptr<Client>> clients_;  // by slot
};

TEST_F(MessageTest, ReachAWorkerByIdAndBySlotInOrder) {
  const size_t idle = OpenDescriptors(host_.pid());
  EXPECT_EQ(Do(0, absl::StrCat("send worker=", WorkerIn(1), " by id")), "ok");
  EXPECT_EQ(Do(0, "send slot=1 by slot"), "ok");
  EXPECT_EQ(Do(1, "got 2"), "by id;by slot;");
  EXPECT_EQ(Do(0, "send slot=0 to myself"), "ok");
  EXPECT_EQ(Do(0, "got 1"), "to myself;");
  EXPECT_EQ(Do(0, "send slot=3 nowhere"), "status 4");
  EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(host_.pid()) <= idle; }));
}

TEST_F(MessageTest, OthersAreAllButTheSender) {
  EXPECT_EQ(Do(1, "send others hear"), "ok");
  EXPECT_EQ(Do(0, "got 1"), "hear;");
  EXPECT_EQ(Do(2, "got 1"), "hear;");
  EXPECT_EQ(Do(0, "send slot=1 reply"), "ok");
  EXPECT_EQ(Do(1, "got 1"), "reply;") << "and nothing before it";
}

TEST_F(MessageTest, ManyArriveInOrder) {
  const size_t count = Scaled(50'000);
  EXPECT_EQ(Do(0, absl::StrCat("flood slot=1 ", count)),
            absl::StrCat("sent ", count));
  EXPECT_EQ(Do(1, absl::StrCat("numbers ", count)), "in order");
}

TEST_F(MessageTest, RequestsAreAnsweredOrTimeOut) {
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask slot=1 60000 how"), "reply how "));
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask slot=1 20 hold"), "status 3 "));
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask worker=99 60000 x"), "status 4 "));
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask primary 60000 x"), "status 200 "));
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask others 60000 x"), "status 300 "));
}

TEST_F(MessageTest, RequestToAWorkerThatIsKilledIsGoneAtOnce) {
  const pid_t victim = PidIn(1);
  Tell(0, "ask slot=1 600000 hold");
  // The request is there when what was sent later is.
  Tell(0, "send slot=1 later");
  ASSERT_EQ(Hear(0), "ok");
  ASSERT_EQ(Do(1, "got 1"), "later;");
  kill(victim, SIGKILL);
  const std::string answer = Hear(0);
  EXPECT_TRUE(absl::StartsWith(answer, "status 4 after ")) << answer;

  clients_.erase(1);
  ASSERT_TRUE(host_.AwaitEvent("listening", kWorkers + 1));
  ASSERT_TRUE(Meet());
  EXPECT_TRUE(absl::EndsWith(Do(1, "who"), "slot 1 generation 2"));
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask slot=1 60000 new"), "reply new "));
}

// Whoever asks while the slot is empty, or its worker not yet ready, has an
// answer or hears that it is gone; nobody waits for the timeout.
TEST_F(MessageTest, RequestsToASlotThatIsReplacedAreSettled) {
  kill(PidIn(1), SIGKILL);
  clients_.erase(1);
  for (int i = 0; i < 200; ++i) {
    const std::string answer = Do(0, "ask slot=1 600000 you");
    ASSERT_TRUE(absl::StartsWith(answer, "reply you ") ||
                absl::StartsWith(answer, "status 4 "))
        << answer;
  }
  ASSERT_TRUE(host_.AwaitEvent("listening", kWorkers + 1));
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask slot=1 60000 you"), "reply you "));
}

TEST_F(MessageTest, DescriptorsTravelAndDoNotLeak) {
  const uint32_t other = WorkerIn(1);
  const pid_t pids[] = {host_.pid(), PidIn(0), PidIn(1)};
  size_t before[3];
  // The first use is over when the primary holds no connection any more.
  ASSERT_EQ(Do(0, "pipe slot=1"), absl::StrCat("written by worker ", other));
  for (int i = 0; i < 3; ++i) before[i] = OpenDescriptors(pids[i]);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Do(0, "pipe slot=1"), absl::StrCat("written by worker ", other));
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(AwaitTrue([&] {
      return OpenDescriptors(pids[i]) <= before[i];
    })) << i;
  }
}

TEST_F(MessageTest, LargestMessagePassesWhileConnectionsAreServed) {
  const size_t before_kib = PeakKib();
  std::thread sender(
      [this] { EXPECT_EQ(Do(0, "large slot=1 134217728"), "same"); });
  const ClientSet load =
      RunLoad({.port = host_.port(), .request = "who\n", .leave = true},
              Scaled(2'000),
              8);
  sender.join();
  EXPECT_EQ(load.count(End::kAnswered), Scaled(2'000));
  // It goes through in parts: the primary never holds it.
  if (!kSanitized) EXPECT_LT(PeakKib() - before_kib, size_t{16} << 10);
  EXPECT_EQ(Do(0, "large slot=1 134217729"), "different: status 300");
}

TEST_F(MessageTest, LargeMessagesOfSeveralMixAndStayWhole) {
  Tell(0, "large slot=2 20000000");
  Tell(1, "large slot=2 10000000");
  EXPECT_EQ(Do(2, "large slot=0 5000000"), "same");
  EXPECT_EQ(Hear(0), "same");
  EXPECT_EQ(Hear(1), "same");
}

TEST_F(MessageTest, StoppedWorkerHoldsUpNobodyForLongAndCostsABound) {
  const pid_t stopped = PidIn(1);
  const size_t idle = OpenDescriptors(host_.pid());
  const size_t before_kib = ResidentKib();
  kill(stopped, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(stopped); }));

  // What does not fit on the way waits at the sender, up to 128 MiB.
  EXPECT_EQ(Do(0, "flood slot=1 50000"), "sent 50000");
  EXPECT_EQ(Do(2, "flood slot=1 50000"), "sent 50000");
  // This is behind it all, and still arrives: the primary has given up on the
  // stopped one, and the rest was dropped.
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask slot=2 600000 you"), "reply you "));
  if (!kSanitized) {
    EXPECT_LT(ResidentKib(), before_kib + (size_t{24} << 10));
  }
  EXPECT_EQ(Do(0, "ask slot=1 600000 you").substr(0, 9), "status 1 ");

  kill(stopped, SIGCONT);
  EXPECT_EQ(Do(1, "numbers 1000").empty(), false);
  EXPECT_TRUE(host_.AwaitLog([](const std::vector<LogLine>& lines) {
    for (const LogLine& line : lines) {
      if (absl::StrContains(line.message, "were dropped")) return true;
    }
    return false;
  }));
  EXPECT_TRUE(absl::StartsWith(Do(0, "ask slot=1 60000 you"), "reply you "));
  EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(host_.pid()) <= idle; }));
}

TEST_F(MessageTest, WhatIsSentLastGetsOutBeforeTheEnd) {
  EXPECT_EQ(Do(0, "flood slot=1 20000"), "sent 20000");
  kill(PidIn(0), SIGTERM);
  EXPECT_EQ(Do(1, "numbers 20000"), "in order");
}

}  // namespace
}  // namespace cluster
