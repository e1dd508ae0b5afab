#include "core/worker/listening.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "core/base/gathering.h"
#include "core/base/monotonic_clock.h"
#include "core/base/unique_fd.h"
#include "core/worker/acceptor.h"
#include "core/worker/loop.h"

namespace cluster {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kGatherNs = 20 * kMs;

// Readable as the test says.
class FakeAcceptor final : public Acceptor {
 public:
  FakeAcceptor(int fd, uint32_t events) : fd_(fd), events_(events) {}
  int fd() const override { return fd_; }
  uint32_t epoll_events() const override { return events_; }
  absl::Status Take(ConnectionTaker, size_t) override {
    return absl::OkStatus();
  }
  bool DecidedUpTo(uint64_t) const override { return true; }

 private:
  const int fd_;
  const uint32_t events_;
};

class ListeningTest : public ::testing::Test {
 protected:
  // Each round takes so many; `all` of what waits.
  void Begin(std::optional<Gathering> gathering, size_t count, bool all) {
    listening_.emplace(*loop_,
                       0,
                       std::make_unique<FakeAcceptor>(waiting_.get(), EPOLLIN),
                       std::move(gathering),
                       [this, count, all](Listening& listening) {
                         ++rounds_;
                         listening.Took(count, all);
                       });
    ASSERT_TRUE(listening_->Begin().ok());
  }

  // On a socket that others share. Each round takes one, then calls `then`.
  void BeginShared(std::function<void(Listening&)> then) {
    listening_.emplace(*loop_,
                       0,
                       std::make_unique<FakeAcceptor>(waiting_.get(),
                                                      EPOLLIN | EPOLLEXCLUSIVE),
                       std::nullopt,
                       [this, then = std::move(then)](Listening& listening) {
                         ++rounds_;
                         then(listening);
                         listening.Took(1, true);
                       });
    ASSERT_TRUE(listening_->Begin().ok());
  }

  // One that has seen load, and goes on whatever comes.
  static Gathering On() {
    Gathering gathering(kGatherNs, {.start = 1, .stop = 0});
    gathering.Record(20 * kMs, 1000, 0);
    EXPECT_EQ(gathering.delay_ns(), kGatherNs);
    return gathering;
  }

  void SetWaiting(bool waiting) {
    eventfd_t count;
    if (waiting) {
      eventfd_write(waiting_.get(), 1);
    } else {
      eventfd_read(waiting_.get(), &count);
    }
  }

  void RunUntilRounds(int rounds) {
    while (rounds_ < rounds) loop_->RunOnce();
  }

  const UniqueFd waiting_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::unique_ptr<Loop> loop_ = *Loop::Create();
  std::optional<Listening> listening_;
  int rounds_ = 0;
};

TEST_F(ListeningTest, TakesAtOnceWithoutLoad) {
  Begin(Gathering(kGatherNs, {.start = 1e9, .stop = 1e9}), 1, true);
  SetWaiting(true);
  for (int rounds = 1; rounds < 4; ++rounds) {
    loop_->Dispatch();
    EXPECT_EQ(rounds_, rounds);
  }
}

TEST_F(ListeningTest, UnderLoadConnectionsGather) {
  Begin(On(), 5, true);
  SetWaiting(true);
  loop_->Dispatch();
  ASSERT_EQ(rounds_, 1) << "the first is told of";
  const int64_t before_ns = MonotonicNs();
  loop_->RunOnce();
  EXPECT_EQ(rounds_, 2);
  EXPECT_GE(MonotonicNs() - before_ns, kGatherNs - kMs)
      << "what waits wakes nobody meanwhile";
}

TEST_F(ListeningTest, MoreThanARoundTakesIsTakenAtOnce) {
  Begin(On(), 16, /*all=*/false);
  SetWaiting(true);
  for (int i = 0; i < 4; ++i) {
    const int before = rounds_;
    loop_->Dispatch();
    EXPECT_GT(rounds_, before);
  }
}

TEST_F(ListeningTest, IsToldAgainWhenNothingMoreComes) {
  Begin(On(), 0, true);
  SetWaiting(true);
  loop_->Dispatch();
  SetWaiting(false);
  // With the first these have found nothing eight times.
  RunUntilRounds(8);
  loop_->Dispatch();
  EXPECT_EQ(rounds_, 8);
  SetWaiting(true);
  loop_->Dispatch();
  EXPECT_EQ(rounds_, 9);
}

TEST_F(ListeningTest, HeldWhileItGathersTakesNothing) {
  Begin(On(), 5, true);
  SetWaiting(true);
  loop_->Dispatch();
  ASSERT_EQ(rounds_, 1);
  listening_->Hold(Listening::kPaused);
  bool over = false;
  loop_->StartTimer(
      2 * kGatherNs / 1000,
      [](void* flag) { *static_cast<bool*>(flag) = true; },
      &over);
  while (!over) loop_->RunOnce();
  EXPECT_EQ(rounds_, 1);
  listening_->Release(Listening::kPaused);
  loop_->Dispatch();
  EXPECT_EQ(rounds_, 2);
}

// The turns themselves: SharedSocketTest.B139_IdleWorkersTakeTurns.
TEST_F(ListeningTest, AfterItsTurnItIsToldOfWhatComes) {
  for (const bool more_waits : {true, false}) {
    rounds_ = 0;
    BeginShared([&](Listening&) { SetWaiting(more_waits); });
    for (int rounds = 1; rounds < 4; ++rounds) {
      SetWaiting(true);
      loop_->Dispatch();
      EXPECT_EQ(rounds_, rounds);
    }
    listening_.reset();
  }
}

TEST_F(ListeningTest, HeldOrStoppedInItsTurnItStaysSo) {
  for (const bool stops : {false, true}) {
    rounds_ = 0;
    BeginShared([this, stops](Listening& listening) {
      SetWaiting(false);
      stops ? listening.Stop() : listening.Hold(Listening::kPaused);
    });
    for (int i = 0; i < 3; ++i) {
      SetWaiting(true);
      loop_->Dispatch();
    }
    EXPECT_EQ(rounds_, 1);
    listening_.reset();
  }
}

TEST_F(ListeningTest, HeldAndReleasedInItsTurnItIsWatchedOnce) {
  BeginShared([this](Listening& listening) {
    SetWaiting(false);
    listening.Hold(Listening::kPaused);
    listening.Release(Listening::kPaused);
  });
  for (int rounds = 1; rounds < 4; ++rounds) {
    SetWaiting(true);
    loop_->Dispatch();
    EXPECT_EQ(rounds_, rounds);
  }
}

}  // namespace
}  // namespace cluster
