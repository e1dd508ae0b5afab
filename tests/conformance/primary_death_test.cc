// Rows B253 to B257: the end of the primary.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

// Another process that is a primary, and its worker.
class PrimaryDeathTest : public ::testing::Test {
 protected:
  // Starts it; worker_program.h has what `does` and `how` may be.
  void Start(const char* does, const char* how) {
    // The worker is left to this process.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int fds[2];
    ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
    primary_ = fork();
    if (primary_ == 0) {
      dup2(fds[1], STDOUT_FILENO);
      execl("/proc/self/exe", "test", "primary", does, how, nullptr);
      _exit(127);
    }
    close(fds[1]);
    says_ = fdopen(fds[0], "r");
    ASSERT_EQ(fscanf(says_, "%d %d%*c", &worker_, &port_), 2);
  }

  ~PrimaryDeathTest() override {
    if (says_ != nullptr) fclose(says_);
  }

  // Waits until that child has ended, and returns how.
  static int StatusOf(pid_t pid) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return status;
  }
  // Waits for the worker, which ends by itself, with 0.
  void ExpectWorkerEnds() {
    const int status = StatusOf(worker_);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }

  FILE* says_ = nullptr;
  pid_t primary_ = -1;
  pid_t worker_ = -1;
  int port_ = 0;
};

class PrimarySignalTest : public PrimaryDeathTest,
                          public ::testing::WithParamInterface<int> {};

TEST_P(PrimarySignalTest, B253_WorkersEndByThemselvesAndB254_PortIsRefused) {
  Start("hold", "");
  Client held(port_);
  ASSERT_TRUE(held.connected());
  ASSERT_EQ(kill(primary_, GetParam()), 0);
  EXPECT_EQ(WTERMSIG(StatusOf(primary_)), GetParam());
  EXPECT_FALSE(Client(port_).connected());
  ExpectWorkerEnds();
}

INSTANTIATE_TEST_SUITE_P(Signals,
                         PrimarySignalTest,
                         ::testing::Values(SIGTERM, SIGKILL, SIGABRT));

TEST_F(PrimaryDeathTest, B253_AlsoWhereThePrimaryExits) {
  Start("hold", "exits");
  const int status = StatusOf(primary_);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ExpectWorkerEnds();
}

TEST_F(PrimaryDeathTest, B255_BlockedWorkerLivesUntilItsLoopRuns) {
  Start("block", "");
  Client client(port_);
  ASSERT_EQ(client.ReadLine(), "blocked\n");
  ASSERT_EQ(kill(primary_, SIGKILL), 0);
  StatusOf(primary_);
  // Nothing was sent to it, or it would have ended by that.
  EXPECT_EQ(kill(worker_, SIGUSR1), 0);
  ExpectWorkerEnds();
}

TEST_F(PrimaryDeathTest, B256_WhatIsThrownIsTheProgramsOwn) {
  Start("hold", "throws");
  const int status = StatusOf(primary_);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
  ExpectWorkerEnds();
}

TEST_F(PrimaryDeathTest, B257_SignalsAreNotForwarded) {
  Start("hold", "traps");
  ASSERT_EQ(kill(primary_, SIGTERM), 0);
  char said[8] = {};
  ASSERT_EQ(fread(said, 1, 7, says_), 7u);
  EXPECT_STREQ(said, "trapped");
  // SIGTERM would have ended the worker.
  EXPECT_EQ(Client(port_).ReadLine(), "held\n");
  ASSERT_EQ(kill(primary_, SIGKILL), 0);
  StatusOf(primary_);
  ExpectWorkerEnds();
}

}  // namespace
}  // namespace cluster
