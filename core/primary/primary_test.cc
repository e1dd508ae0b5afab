#include "core/primary/primary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/primary/testing/loopback.h"
#include "core/primary/testing/primary_fixture.h"
#include "core/primary/workers/fork_queue.h"
#include "core/primary/workers/replacement.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST_F(PrimaryTest, DrainEndsTheWorkersAndRun) {
  Make("serve", 2);
  DrainWhenListening(2);
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("fork"), 2);
  EXPECT_EQ(observer_.Count("disconnect"), 2);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

TEST_F(PrimaryTest, NothingLeaks) {
  const size_t before = OpenFds();
  {
    // An io_context has descriptors of its own.
    boost::asio::io_context io{1};
    PrimaryOptions options;
    options.sockets.push_back(Loopback().TakeListener());
    options.replacement = ReplacementOptions();
    setenv(kWorkerVariable, "serve", 1);
    Primary primary(io, std::move(options), observer_);
    observer_.on_event = [&](const WorkerEvent& event) {
      if (event.kind == WorkerEventKind::kListening) primary.Drain();
    };
    ASSERT_TRUE(primary.Start().ok());
    primary.Run();
  }
  EXPECT_EQ(OpenFds(), before);
}

TEST_F(PrimaryTest, WorkersThatKeepLeavingAreNotReplacedForEver) {
  Make("leave");
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kWorkersDied);
  EXPECT_EQ(observer_.Count("fork"), 4);
}

// What was planned is no death, as long as it does not go round in a circle.
TEST_F(PrimaryTest, PlannedEndsDoNotCountAgainstTheRestarts) {
  shortest_life_ = absl::ZeroDuration();
  Make("leave");
  observer_.on_event = [this](const WorkerEvent&) {
    if (observer_.Count("fork") == 8) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
}

TEST_F(PrimaryTest, DrainFromTheForkEventStartsNoMore) {
  Make("serve", 5);
  observer_.on_event = [this](const WorkerEvent& event) {
    if (event.worker_id == 2) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("fork"), 2);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

// Between them the loop serves all else: signals, operators, other workers.
TEST_F(PrimaryTest, ManyWorkersAreForkedInTurns) {
  constexpr int kWorkers = 2 * ForkQueue::kAtOnce;
  Make("serve", kWorkers);
  ASSERT_TRUE(primary_->Start().ok());
  EXPECT_EQ(observer_.Count("fork"), kWorkers / 2);
  EXPECT_FALSE(observer_.accepts) << "the first would get all there is";
  DrainWhenListening(kWorkers);
  EXPECT_EQ(primary_->Run().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_TRUE(observer_.accepts);
  EXPECT_EQ(observer_.Count("exit"), kWorkers);
}

// What waits in the backlog meanwhile is served, and nobody else is forked.
TEST_F(PrimaryTest, DrainWhileWorkersAreForkedForksNoMore) {
  constexpr int kWorkers = 4 * ForkQueue::kAtOnce;
  Make("serve", kWorkers);
  loopback_.Connect(1);
  ASSERT_TRUE(primary_->Start().ok());
  boost::asio::post(io_, [this] { primary_->Drain(); });
  EXPECT_EQ(primary_->Run().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_LT(observer_.Count("fork"), kWorkers);
  EXPECT_EQ(observer_.Count("exit"), observer_.Count("fork"));
  EXPECT_FALSE(observer_.accepts);
  EXPECT_EQ(primary_->Snapshot().ledger.accepted(), 1u);
}

TEST_F(PrimaryTest, KillAllFromAnEventEnds) {
  Make("serve", 2);
  observer_.on_event = [this](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kListening) primary_->KillAll();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kKilled);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

// The workers take none of them.
TEST_F(PrimaryTest, KillAllHandsNothingOnToDyingWorkers) {
  Make("serve", 2);
  uint64_t before = 0;
  const std::function<void()> kill_when_handed_off = [&] {
    const Accounts books = primary_->Snapshot();
    if (books.handed_off < 8) {
      boost::asio::post(io_, kill_when_handed_off);
      return;
    }
    before = books.ledger.redispatched();
    primary_->KillAll();
  };
  bool due = false;
  observer_.on_event = [&](const WorkerEvent&) {
    if (observer_.Count("listening") != 2 || std::exchange(due, true)) return;
    loopback_.Connect(8);  // both get some
    boost::asio::post(io_, kill_when_handed_off);
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kKilled);
  const Accounts books = primary_->Snapshot();
  EXPECT_EQ(books.ledger.redispatched(), before);
  EXPECT_EQ(books.ledger.accepted(), 8u);
  EXPECT_EQ(books.ledger.refused(), 8u);
  EXPECT_EQ(books.live, 0u);
}

TEST_F(PrimaryTest, DestroyedWithWorkersKillsThem) {
  Make("serve", 2);
  ASSERT_TRUE(primary_->Start().ok());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), 0) << "they run";
  primary_.reset();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "and are reaped";
}

// ---- Workers that make no sense

TEST_F(PrimaryTest, WorkerThatAsksTwiceForAListenerIsCutOff) {
  Make("ask twice");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("asks for a listener twice"));
}

TEST_F(PrimaryTest, WorkerThatAsksForNoListenerIsCutOff) {
  Make("ask for nothing");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("listener that there is not"));
}

TEST_F(PrimaryTest, WorkerThatListensUnaskedIsCutOff) {
  Make("listen unasked");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("did not ask to"));
}

TEST_F(PrimaryTest, UnknownFrameCutsTheWorkerOff) {
  Make("babble");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("unknown type 999"));
}

// Each notice would otherwise be answered, and the answers kept.
TEST_F(PrimaryTest, WorkerThatFloodsNoticesIsAnsweredOnce) {
  Make("flood");
  observer_.on_event = [this](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kExit) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_THAT(observer_.events, Contains(HasSubstr("exited with code 1")))
      << "the number of answers";
}

}  // namespace
}  // namespace cluster
