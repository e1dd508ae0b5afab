// A primary whose workers die, and a kernel that refuses it others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>

#include "core/event_loop/refused_call.h"
#include "core/primary/primary.h"
#include "core/primary/testing/primary_fixture.h"
#include "core/primary/workers/primary_observer.h"

namespace {

// Seconds by which the wall clock is ahead after each look at it.
std::atomic<time_t> g_wall_clock_step = 0;
std::atomic<time_t> g_wall_clock_ahead = 0;

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) __THROW {
  if (syscall(SYS_clock_gettime, clock, now) != 0) return -1;
  if (clock == CLOCK_REALTIME) {
    now->tv_sec += g_wall_clock_ahead += g_wall_clock_step;
  }
  return 0;
}

namespace cluster {
namespace {

using ::testing::HasSubstr;

// Somebody sets the time: an hour further with each look at it.
TEST_F(PrimaryTest, RestartsAreCountedByAClockThatNobodySets) {
  Make("die");
  observer_.on_event = [this](const WorkerEvent&) {
    if (observer_.Count("fork") > 10) primary_->Drain();
  };
  g_wall_clock_step = 3'600;
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kWorkersDied);
  g_wall_clock_step = 0;
  EXPECT_EQ(observer_.Count("fork"), 4);
}

// ---- The kernel says no

TEST_F(PrimaryTest, StartFailsWhenNoWorkerCanBeStarted) {
  Make("serve", 3);
  DenyDescriptors();
  EXPECT_FALSE(primary_->Start().ok());
}

TEST_F(PrimaryTest, WorkerThatCannotBeReplacedNowIsTriedAgain) {
  Make("serve", 2);
  pid_t victim = 0;
  observer_.on_event = [&](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kListening) {
      if (event.worker_id == 1) kill(victim = event.pid, SIGKILL);
      // The two that are left, however they are numbered.
      if (observer_.Count("listening") == 3) primary_->Drain();
    }
    if (event.kind == WorkerEventKind::kExit && event.pid == victim) {
      DenyDescriptors();
    }
    if (event.kind == WorkerEventKind::kError) AllowDescriptors();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("error"), 1);
  EXPECT_EQ(observer_.Count("fork"), 3);
}

// It is its slot's, and the next worker's.
TEST_F(PrimaryTest, WeightOfAWorkerThatWillBeReplacedIsNotForgotten) {
  weights_ = {3, 1};
  Make("serve", 2);
  const auto set_policy = [this](const char* name) {
    return primary_->admin()
        .Answer({.action = AdminAction::kSetPolicy, .text = name})
        .error;
  };
  observer_.on_event = [&](const WorkerEvent& event) {
    if (observer_.Count("listening") == 3) return primary_->Drain();
    if (event.kind == WorkerEventKind::kListening && event.worker_id == 2) {
      kill(event.pid, SIGKILL);
    }
    if (event.kind != WorkerEventKind::kExit) return;
    EXPECT_THAT(set_policy("round_robin"), HasSubstr("ignores weights"));
    EXPECT_EQ(set_policy("p2c"), "");
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("fork"), 3);
}

// Also when no other is left, which is no reason to end at once.
TEST_F(PrimaryTest, OnlyWorkerThatCannotBeReplacedNowIsTriedAgain) {
  Make("serve", 1);
  pid_t victim = 0;
  observer_.on_event = [&](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kListening) {
      if (event.worker_id != 1) return primary_->Drain();
      kill(victim = event.pid, SIGKILL);
    }
    if (event.kind == WorkerEventKind::kExit && event.pid == victim) {
      DenyDescriptors();
    }
    if (event.kind == WorkerEventKind::kError) AllowDescriptors();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("error"), 1);
  EXPECT_EQ(observer_.Count("fork"), 2);
}

// The death is one of the three restarts, two tries are the others.
TEST_F(PrimaryTest, OnlyWorkerThatCannotBeReplacedAtAllEndsItWithTheReason) {
  Make("serve", 1);
  observer_.on_event = [&](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kListening) kill(event.pid, SIGKILL);
    if (event.kind == WorkerEventKind::kExit) DenyDescriptors();
  };
  const PrimaryEnd end = StartAndRun();
  AllowDescriptors();
  EXPECT_EQ(end.kind, PrimaryEnd::Kind::kCannotFork);
  EXPECT_THAT(end.reason, HasSubstr("EMFILE"));
  EXPECT_EQ(observer_.Count("error"), 4)
      << "at once, twice later, and the last";
}

// Which of its descriptors the kernel will not watch is all the same.
TEST_F(PrimaryTest, WorkerThatCannotBeWatchedIsKilledAndTriedAgain) {
  Make("serve", 2);
  std::optional<RefusedCall> refused;
  observer_.on_event = [&](const WorkerEvent& event) {
    const int64_t errors = observer_.Count("error");
    if (event.kind == WorkerEventKind::kFork && event.worker_id == 1) {
      refused.emplace(RefusedCall::kEpollAdd, ENOSPC, /*after=*/1);
    }
    if (event.kind == WorkerEventKind::kError) {
      EXPECT_THAT(event.detail, HasSubstr("ENOSPC"));
      EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), 0) << "a zombie is left";
      if (errors == 2) refused.reset();
    }
    if (observer_.Count("listening") == 2) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("error"), 2);
  EXPECT_EQ(observer_.Count("fork"), 2);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

}  // namespace
}  // namespace cluster
