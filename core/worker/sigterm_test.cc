#include "core/worker/sigterm.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "core/worker/loop.h"

namespace cluster {
namespace {

class SigtermTest : public ::testing::Test {
 protected:
  SigtermTest() {
    EXPECT_TRUE(
        WatchSigterm(
            *loop_, [](void* told) { ++*static_cast<int*>(told); }, &told_)
            .ok());
  }
  ~SigtermTest() override { signal(SIGTERM, SIG_DFL); }

  // Ends a child by SIGTERM and returns how it ended, as of wait().
  static int End(pid_t child) {
    EXPECT_GT(child, 0);
    EXPECT_EQ(kill(child, SIGTERM), 0);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }

  int told_ = 0;
  std::unique_ptr<Loop> loop_ = *Loop::Create();
};

TEST_F(SigtermTest, SignalIsToldByTheLoop) {
  ASSERT_EQ(raise(SIGTERM), 0);
  EXPECT_EQ(told_, 0);
  loop_->Dispatch();
  EXPECT_EQ(told_, 1);
}

TEST_F(SigtermTest, ForkedChildEndsAndItsWorkerIsToldNothing) {
  const pid_t child = fork();
  while (child == 0) pause();
  const int status = End(child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  loop_->Dispatch();
  EXPECT_EQ(told_, 0) << "of a signal that was the child's";
  ASSERT_EQ(raise(SIGTERM), 0);
  loop_->Dispatch();
  EXPECT_EQ(told_, 1) << "the worker's own";
}

}  // namespace
}  // namespace cluster
