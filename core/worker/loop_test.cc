#include "core/worker/loop.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace cluster {
namespace {

// Adapts a std::function to the loop's function and context.
struct Call {
  std::function<void()> run;
  static void Fire(void* ctx) { static_cast<Call*>(ctx)->run(); }
  static void Ready(void* ctx, uint32_t) { static_cast<Call*>(ctx)->run(); }
};

class LoopTest : public testing::Test {
 protected:
  LoopTest() : loop_(*Loop::Create()) {}

  // A descriptor that is readable at once.
  UniqueFd ReadyFd() {
    return UniqueFd(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  }

  bool PollableIsReady() {
    pollfd poll_fd = {.fd = *loop_->Pollable(), .events = POLLIN, .revents = 0};
    return poll(&poll_fd, 1, 0) == 1;
  }

  std::unique_ptr<Loop> loop_;
};

TEST_F(LoopTest, WatchFiresWhileReady) {
  const UniqueFd fd = ReadyFd();
  int fired = 0;
  Call call{[&] { ++fired; }};
  Loop::Watch* watch = *loop_->Add(fd.get(), EPOLLIN, &Call::Ready, &call);
  loop_->RunOnce();
  loop_->RunOnce();
  EXPECT_EQ(fired, 2);
  ASSERT_TRUE(loop_->Modify(watch, 0).ok());
  loop_->Dispatch();
  EXPECT_EQ(fired, 2);
}

TEST_F(LoopTest, WatchEndedByAnotherCallbackOfTheSameRoundStaysSilent) {
  const UniqueFd a = ReadyFd();
  const UniqueFd b = ReadyFd();
  Loop::Watch* watches[2] = {};
  int fired = 0;
  Call end_both{[&] {
    ++fired;
    loop_->Remove(watches[0]);
    loop_->Remove(watches[1]);
  }};
  watches[0] = *loop_->Add(a.get(), EPOLLIN, &Call::Ready, &end_both);
  watches[1] = *loop_->Add(b.get(), EPOLLIN, &Call::Ready, &end_both);
  loop_->RunOnce();
  EXPECT_EQ(fired, 1);
}

TEST_F(LoopTest, SecondWatchOnOneDescriptorIsRefused) {
  const UniqueFd fd = ReadyFd();
  Call call;
  ASSERT_TRUE(loop_->Add(fd.get(), EPOLLIN, &Call::Ready, &call).ok());
  EXPECT_EQ(loop_->Add(fd.get(), EPOLLIN, &Call::Ready, &call).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(loop_->Add(-1, EPOLLIN, &Call::Ready, &call).ok());
}

TEST_F(LoopTest, TimersFireInOrderOfDeadline) {
  std::vector<int> order;
  Call late{[&] { order.push_back(2); }};
  Call soon{[&] { order.push_back(1); }};
  loop_->StartTimer(2000, &Call::Fire, &late);
  loop_->StartTimer(500, &Call::Fire, &soon);
  while (order.size() < 2) loop_->RunOnce();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(LoopTest, EndedRoundCallsNothingMore) {
  const UniqueFd a = ReadyFd();
  const UniqueFd b = ReadyFd();
  int fired = 0;
  Call end{[&] {
    ++fired;
    loop_->EndRound();
  }};
  ASSERT_TRUE(loop_->Add(a.get(), EPOLLIN, &Call::Ready, &end).ok());
  ASSERT_TRUE(loop_->Add(b.get(), EPOLLIN, &Call::Ready, &end).ok());
  loop_->StartTimer(0, &Call::Fire, &end);
  loop_->RunOnce();
  EXPECT_EQ(fired, 1);
  loop_->RunOnce();
  EXPECT_EQ(fired, 2) << "the next round is a new one";
}

TEST_F(LoopTest, CancelledTimerDoesNotFire) {
  bool cancelled_fired = false;
  bool done = false;
  Call never{[&] { cancelled_fired = true; }};
  Call end{[&] { done = true; }};
  Loop::Timer* timer = loop_->StartTimer(100, &Call::Fire, &never);
  loop_->StartTimer(1000, &Call::Fire, &end);
  loop_->CancelTimer(timer);
  while (!done) loop_->RunOnce();
  EXPECT_FALSE(cancelled_fired);
}

TEST_F(LoopTest, PostsFromOtherThreadsArriveOnceAndInOrder) {
  std::vector<int> got;
  std::vector<Call> calls(1000);
  for (int i = 0; i < 1000; ++i) calls[i].run = [&got, i] { got.push_back(i); };
  std::thread poster([&] {
    for (Call& call : calls) ASSERT_TRUE(loop_->Post(&Call::Fire, &call));
  });
  while (got.size() < 1000) loop_->RunOnce();
  poster.join();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(got[i], i);
}

TEST_F(LoopTest, FullPostQueueSaysSoAndLosesNothing) {
  size_t ran = 0;
  Call call{[&] { ++ran; }};
  for (size_t i = 0; i < Loop::kMaxPosted; ++i) {
    ASSERT_TRUE(loop_->Post(&Call::Fire, &call));
  }
  EXPECT_FALSE(loop_->Post(&Call::Fire, &call));
  loop_->RunOnce();
  EXPECT_EQ(ran, Loop::kMaxPosted);
  EXPECT_TRUE(loop_->Post(&Call::Fire, &call));
}

TEST_F(LoopTest, EmbeddedLoopIsPollableForWatchTimerAndPost) {
  EXPECT_FALSE(PollableIsReady());
  int fired = 0;
  Call call{[&] { ++fired; }};
  loop_->Post(&Call::Fire, &call);
  EXPECT_TRUE(PollableIsReady());
  loop_->Dispatch();
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(PollableIsReady());

  loop_->StartTimer(1000, &Call::Fire, &call);
  pollfd poll_fd = {.fd = *loop_->Pollable(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&poll_fd, 1, 5000), 1);
  loop_->Dispatch();
  EXPECT_EQ(fired, 2);
  EXPECT_FALSE(PollableIsReady());
}

TEST_F(LoopTest, TimerStartedInsideDispatchWakesTheEmbedder) {
  int fired = 0;
  Call second{[&] { ++fired; }};
  Call first{[&] { loop_->StartTimer(500, &Call::Fire, &second); }};
  ASSERT_TRUE(loop_->Pollable().ok());
  loop_->StartTimer(0, &Call::Fire, &first);
  pollfd poll_fd = {.fd = *loop_->Pollable(), .events = POLLIN, .revents = 0};
  while (fired == 0) {
    ASSERT_EQ(poll(&poll_fd, 1, 5000), 1);
    loop_->Dispatch();
  }
}

}  // namespace
}  // namespace cluster
