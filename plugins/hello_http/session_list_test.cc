#include "plugins/hello_http/session_list.h"

#include <gtest/gtest.h>

#include <memory>

namespace cluster::hello_http {
namespace {

struct FakeSession : Session {
  using Session::Session;
  void Close() override { closed = true; }
  bool idle() override { return is_idle; }
  bool lingering() const override { return is_lingering; }

  bool closed = false;
  bool is_idle = true;
  bool is_lingering = false;
};

class SessionListTest : public testing::Test {
 protected:
  void Pass(uint64_t seconds) {
    while (seconds-- > 0) sessions_.OnSecond();
  }

  boost::asio::io_context io_context_;
  SessionList sessions_{io_context_};
};

TEST_F(SessionListTest, ClosesWhatCompletesNoRequestInTime) {
  FakeSession quiet(sessions_);
  FakeSession active(sessions_);
  Pass(SessionList::kIdleSeconds);
  sessions_.Touch(active);
  EXPECT_FALSE(quiet.closed);
  Pass(1);
  EXPECT_TRUE(quiet.closed);
  EXPECT_FALSE(active.closed);
}

TEST_F(SessionListTest, ClosesSlowRequestToo) {
  FakeSession slow(sessions_);
  slow.is_idle = false;
  Pass(SessionList::kIdleSeconds + 1);
  EXPECT_TRUE(slow.closed);
}

TEST_F(SessionListTest, LingersShortly) {
  FakeSession session(sessions_);
  session.is_lingering = true;
  Pass(SessionList::kLingerSeconds);
  EXPECT_FALSE(session.closed);
  Pass(1);
  EXPECT_TRUE(session.closed);
}

TEST_F(SessionListTest, DrainClosesIdleAndKeepsRunning) {
  FakeSession idle(sessions_);
  FakeSession running(sessions_);
  running.is_idle = false;
  sessions_.Touch(idle);
  sessions_.Touch(running);
  sessions_.Drain();
  EXPECT_TRUE(idle.closed);
  EXPECT_FALSE(running.closed);
  Pass(SessionList::kIdleSeconds);
  EXPECT_FALSE(running.closed);
}

TEST_F(SessionListTest, DrainWaitsForFirstRequest) {
  FakeSession fresh(sessions_);
  sessions_.Drain();
  Pass(SessionList::kFirstRequestSeconds);
  EXPECT_FALSE(fresh.closed);
  Pass(1);
  EXPECT_TRUE(fresh.closed);
}

TEST_F(SessionListTest, SessionMayOutliveList) {
  auto list = std::make_unique<SessionList>(io_context_);
  FakeSession session(*list);
  list.reset();
  EXPECT_TRUE(session.closed);
}

TEST_F(SessionListTest, TimerRunsOnlyWhileThereAreSessions) {
  {
    FakeSession session(sessions_);
  }
  io_context_.run();  // returns: the timer is not set again
  EXPECT_EQ(sessions_.size(), 0u);
}

}  // namespace
}  // namespace cluster::hello_http
