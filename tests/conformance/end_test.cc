// Rows B235 to B252: kill, and how it ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
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
using ::testing::IsEmpty;
using ::testing::SizeIs;

using EndTest = ClusterTest;

// Has the kernel answer EPERM, for good, where this process sends `signal`.
// Returns whether it does.
bool RefuseToSend(int signal) {
  constexpr uint32_t kNumber = offsetof(seccomp_data, nr);
  // The second argument of either call; its lower half.
  constexpr uint32_t kSignal = offsetof(seccomp_data, args[1]);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_send_signal, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kSignal),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(signal), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]),
                              .filter = filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(EndTest, B235_KillIsAPlainSignal) {
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] {
    EXPECT_FALSE(worker->process().killed());
    worker->kill();
    EXPECT_TRUE(worker->process().killed());
  });
  Run();
  EXPECT_EQ(worker->process().signal(), SIGTERM);
  EXPECT_EQ(worker->process().exit_code(), std::nullopt);
  EXPECT_EQ(worker->exited_after_disconnect(), false);
}

TEST_F(EndTest, B236_DestroyIsKill) {
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] { worker->destroy(SIGINT); });
  const auto other = Fork({"idle"});
  other->on(events::online, [&] { other->destroy(); });
  Run();
  EXPECT_EQ(worker->process().signal(), SIGINT);
  EXPECT_EQ(other->process().signal(), SIGTERM);
}

TEST_F(EndTest, B237_SignalZeroOnlyAsks) {
  const auto worker = Fork({"idle"});
  worker->on(events::online, [&] {
    worker->kill(0);
    EXPECT_TRUE(worker->process().kill(0));
    EXPECT_FALSE(worker->process().killed());
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(worker->process().exit_code(), 0);
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
      EXPECT_TRUE(worker->process().killed());
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
  EXPECT_EQ(client->ReadAll(), "held\n");
}

// For whoever runs it: of the signals that are sent, the kernel refuses one.
TEST_F(EndTest, B243_KillThatIsRefusedIsAnErrorEvent) {
  if (!RefuseToSend(SIGUSR2)) GTEST_SKIP() << "no seccomp(2) here";
  const auto worker = Fork({"idle"});
  std::vector<absl::Status> errors;
  worker->on(events::error, [&](const absl::Status& why) {
    errors.push_back(why);
    EXPECT_FALSE(worker->is_dead());
    worker->kill();
  });
  worker->on(events::online, [&] {
    EXPECT_TRUE(worker->process().kill(0));
    EXPECT_FALSE(worker->process().kill(SIGUSR2));
    EXPECT_FALSE(worker->process().killed());
    EXPECT_THAT(errors, IsEmpty()) << "not from within the call";
  });
  Run();
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(ErrnoOf(errors[0]), EPERM);
  EXPECT_EQ(worker->process().signal(), SIGTERM);
}

// The worker's real user is another one than this process then is.
TEST_F(EndTest, B243_KillThatIsNotAllowedIsAnErrorEvent) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  Settings settings = Does({"idle"});
  settings.uid = 65'533;
  const auto worker = cluster_.fork({.settings = settings});
  absl::Status status;
  worker->on(events::error, [&](const absl::Status& why) {
    status = why;
    worker->kill();
  });
  worker->on(events::online, [&] {
    ASSERT_EQ(setresuid(65'534, 65'534, 0), 0);
    EXPECT_FALSE(worker->process().kill());
    ASSERT_EQ(setresuid(0, 0, 0), 0);
  });
  Run();
  EXPECT_EQ(ErrnoOf(status), EPERM);
  EXPECT_EQ(worker->process().signal(), SIGTERM);
}

// ---- How it ended

TEST_F(EndTest, B247_CodeOrSignal) {
  const auto code = Fork({"exit", "42"});
  const auto signal = Fork({"abort"});
  int exits = 0;
  code->on(events::exit, [&](int code_told, int signal_told) {
    ++exits;
    EXPECT_EQ(code_told, 42);
    EXPECT_EQ(signal_told, 0);
    EXPECT_EQ(code->process().exit_code(), 42);
  });
  signal->on(events::exit, [&](int code_told, int signal_told) {
    ++exits;
    EXPECT_EQ(code_told, 0);
    EXPECT_EQ(signal_told, SIGABRT);
    EXPECT_EQ(signal->process().signal(), SIGABRT);
  });
  Run();
  EXPECT_EQ(exits, 2);
}

TEST_F(EndTest, B249_DeadFromTheExitOn) {
  const auto worker = Fork({"exit", "0"});
  EXPECT_FALSE(worker->is_dead());
  std::vector<bool> dead;
  worker->on(events::disconnect, [&] { dead.push_back(worker->is_dead()); });
  worker->on(events::exit,
             [&](int, int) { dead.push_back(worker->is_dead()); });
  Run();
  EXPECT_THAT(dead, ElementsAre(false, true));
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
  int exits = 0;
  worker->on(events::exit, [&](int, int) {
    ++exits;
    EXPECT_EQ(kill(worker->process().pid(), 0), -1);
    EXPECT_EQ(errno, ESRCH);
  });
  Run();
  EXPECT_EQ(exits, 1);
}

// What is thrown out of main() is a signal, in C++.
TEST_F(EndTest, B248_CodesOfTheWaysToEnd) {
  const auto returned = Fork({"exit", "3"});
  const auto thrown = Fork({"throw"});
  Settings no_plugin = Does({});
  no_plugin.plugin = "/dev/null";
  const auto unloadable = cluster_.fork({.settings = no_plugin});
  const auto forced = Fork({"idle"});
  forced->on(events::online, [&] { forced->process().disconnect(); });
  const auto graceful = Fork({"idle"});
  graceful->on(events::online, [&] { graceful->disconnect(); });
  const auto thrown_later = Fork({"throws"});
  std::unique_ptr<Client> client;
  thrown_later->on(events::listening, [&](const Address& address) {
    client = std::make_unique<Client>(address.port);
  });
  Run();
  EXPECT_EQ(returned->process().exit_code(), 3);
  EXPECT_EQ(thrown->process().signal(), SIGABRT);
  EXPECT_EQ(unloadable->process().exit_code(), 64);
  EXPECT_EQ(forced->process().exit_code(), 0);
  EXPECT_EQ(graceful->process().exit_code(), 0);
  EXPECT_EQ(thrown_later->process().exit_code(), 68);
}

}  // namespace
}  // namespace cluster
