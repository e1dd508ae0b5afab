// Rows B235 to B257: kill, exit codes, and the death of the primary.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/errno_status.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

using EndTest = ClusterTest;

TEST_F(EndTest, B235_KillIsAPlainSignal) {
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] { worker->kill(); });
  Run();
  EXPECT_EQ(worker->process().signal(), SIGTERM);
  EXPECT_EQ(worker->process().exit_code(), std::nullopt);
  EXPECT_EQ(worker->exited_after_disconnect(), false);
}

TEST_F(EndTest, B238_SignalThatIsNoneIsAnErrorEvent) {
  const auto worker = Fork({"idle"});
  absl::Status status;
  worker->on(events::error, [&](const absl::Status& why) {
    status = why;
    worker->kill();
  });
  EXPECT_FALSE(worker->process().kill(9'999));
  Run();
  EXPECT_EQ(ErrnoOf(status), EINVAL);
}

TEST_F(EndTest, B239_WorkerMayLiveOnAfterSigterm) {
  LogEvents();
  Settings settings = Does({"trap"});
  const auto worker = cluster_.fork({.settings = settings});
  std::string printed;
  cluster_.once(events::fork, [&](Worker&) {
    worker->process().stream(1)->on_data([&](std::string_view text) {
      printed.append(text);
      if (printed == "ready") worker->kill();
      if (printed != "readytrapped") return;
      EXPECT_FALSE(worker->is_dead());
      EXPECT_FALSE(worker->exited_after_disconnect().has_value());
      worker->disconnect();
    });
  });
  Run();
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 0"));
}

TEST_F(EndTest, B240_WorkerThatNeverReturnsToItsLoopCanBeKilled) {
  const auto worker = Fork({"busy"});
  worker->on(events::online, [&] { worker->kill(); });
  Run();
  EXPECT_EQ(worker->process().signal(), SIGTERM);
}

TEST_F(EndTest, B241_DisconnectThenKill) {
  const auto worker = Fork({"busy"});
  worker->on(events::online, [&] {
    worker->disconnect();
    worker->kill();
  });
  Run();
  EXPECT_EQ(worker->process().signal(), SIGTERM);
  EXPECT_EQ(worker->exited_after_disconnect(), true);
}

TEST_F(EndTest, B242_KillOfADeadWorkerIsNoError) {
  const auto worker = Fork({"exit", "0"});
  EXPECT_TRUE(worker->process().kill(0));
  Run();
  worker->kill();
  EXPECT_FALSE(worker->process().kill(0));
  Run();
}

TEST_F(EndTest, B244_KillInTheWorkerCutsItsConnections) {
  const auto worker = Fork({"kill"});
  std::unique_ptr<Client> client;
  worker->on(events::listening, [&](const Address& address) {
    client = std::make_unique<Client>(address.port);
  });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_EQ(worker->exited_after_disconnect(), true);
  std::string got;
  char buffer[64];
  ssize_t count;
  while ((count = recv(client->fd(), buffer, sizeof(buffer), 0)) > 0) {
    got.append(buffer, static_cast<size_t>(count));
  }
  EXPECT_EQ(got, "held\n");
}

// ---- How it ended

TEST_F(EndTest, B247_CodeOrSignal) {
  const auto code = Fork({"exit", "42"});
  const auto signal = Fork({"abort"});
  code->on(events::exit, [&](int code_told, int signal_told) {
    EXPECT_EQ(code_told, 42);
    EXPECT_EQ(signal_told, 0);
    EXPECT_EQ(code->process().exit_code(), 42);
  });
  signal->on(events::exit, [&](int code_told, int signal_told) {
    EXPECT_EQ(code_told, 0);
    EXPECT_EQ(signal_told, SIGABRT);
    EXPECT_EQ(signal->process().signal(), SIGABRT);
  });
  Run();
}

TEST_F(EndTest, B249_DeadFromTheExitOn) {
  const auto worker = Fork({"exit", "0"});
  EXPECT_FALSE(worker->is_dead());
  worker->on(events::disconnect, [&] { EXPECT_FALSE(worker->is_dead()); });
  worker->on(events::exit, [&](int, int) { EXPECT_TRUE(worker->is_dead()); });
  Run();
  EXPECT_TRUE(worker->is_dead());
}

TEST_F(EndTest, B250_WhetherItWasAskedToEnd) {
  struct Way {
    std::vector<std::string> does;
    void (*then)(Worker&);
    bool asked;
  };
  const std::vector<Way> ways = {
      {{"idle"}, [](Worker& worker) { worker.disconnect(); }, true},
      {{"disconnect"}, [](Worker&) {}, true},
      {{"idle"}, [](Worker& worker) { worker.kill(); }, false},
      {{"idle"}, [](Worker& worker) { worker.process().disconnect(); }, false},
      {{"exit", "0"}, [](Worker&) {}, false},
      {{"exit", "7"}, [](Worker&) {}, false},
      {{"abort"}, [](Worker&) {}, false},
      {{"throw"}, [](Worker&) {}, false},
  };
  std::vector<std::shared_ptr<Worker>> workers;
  for (const Way& way : ways) {
    const auto worker = Fork(way.does);
    worker->on(events::online,
               [then = way.then, raw = worker.get()] { then(*raw); });
    EXPECT_FALSE(worker->exited_after_disconnect().has_value());
    workers.push_back(worker);
  }
  Run();
  for (size_t i = 0; i < ways.size(); ++i) {
    EXPECT_EQ(workers[i]->exited_after_disconnect(), ways[i].asked) << i;
  }
}

TEST_F(EndTest, B252_ProcessIsReapedByTheExitEvent) {
  const auto worker = Fork({"exit", "0"});
  worker->on(events::exit, [&](int, int) {
    EXPECT_EQ(kill(worker->process().pid(), 0), -1);
    EXPECT_EQ(errno, ESRCH);
  });
  Run();
}

// ---- The primary

// Another process that is a primary, and what it says of its worker.
class PrimaryDeathTest : public ::testing::TestWithParam<int> {
 protected:
  PrimaryDeathTest() {
    // The worker is left to this process.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    primary_ = fork();
    if (primary_ == 0) {
      dup2(fds[1], STDOUT_FILENO);
      execl("/proc/self/exe", "test", "primary", nullptr);
      _exit(127);
    }
    close(fds[1]);
    FILE* const says = fdopen(fds[0], "r");
    EXPECT_EQ(fscanf(says, "%d %d", &worker_, &port_), 2);
    fclose(says);
  }

  pid_t primary_ = -1;
  pid_t worker_ = -1;
  int port_ = 0;
};

TEST_P(PrimaryDeathTest, B253_WorkersEndByThemselvesAndB254_PortIsRefused) {
  Client held(port_);
  ASSERT_TRUE(held.connected());
  ASSERT_EQ(kill(primary_, GetParam()), 0);
  int status = 0;
  ASSERT_EQ(waitpid(primary_, &status, 0), primary_);
  EXPECT_EQ(WTERMSIG(status), GetParam());
  EXPECT_FALSE(Client(port_).connected());
  ASSERT_EQ(waitpid(worker_, &status, 0), worker_);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

INSTANTIATE_TEST_SUITE_P(Signals,
                         PrimaryDeathTest,
                         ::testing::Values(SIGTERM, SIGKILL, SIGABRT));

}  // namespace
}  // namespace cluster
