// Rows B179 and B195 to B212: sockets that are sent, what becomes of them on
// either side, and that nothing leaks whoever dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/cluster.h"
#include "ipc/open_fds.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/sockets.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class HandleTest : public ClusterTest {
 protected:
  SendCallback Sent() {
    return
        [this](const absl::Status& status) { sent_.push_back(status.code()); };
  }
  void WhenStopped(const std::shared_ptr<Worker>& worker,
                   std::function<void()> then) {
    worker->on(events::online, [worker, then = std::move(then)] {
      kill(worker->process().pid(), SIGSTOP);
      ASSERT_TRUE(
          AwaitTrue([&] { return IsStopped(worker->process().pid()); }));
      then();
    });
  }

  std::vector<absl::StatusCode> sent_;
};

class KindTest : public HandleTest,
                 public ::testing::WithParamInterface<HandleKind> {};

TEST_P(KindTest, B195_GoesToAWorkerAndB196_IsItsAlone) {
  auto [passed, other] = SocketOf(GetParam());
  const auto worker = ForkAgent();
  EXPECT_TRUE(worker->send("meet", passed));
  EXPECT_FALSE(passed);
  worker->on(
      events::message, [&, fd = other.fd()](const Message& message, Handle&) {
        EXPECT_EQ(TextOf(message), absl::StrCat("met ", NameOf(GetParam())));
        EXPECT_EQ(Read(fd), "worker 1");
        worker->disconnect();
      });
  Run();
  if (GetParam() != HandleKind::kUdpSocket) {
    EXPECT_EQ(Read(other.fd()), "end") << "no copy was left here";
  }
}

TEST_P(KindTest, B197_KeepOpenLeavesACopyHere) {
  auto [passed, other] = SocketOf(GetParam());
  const auto worker = ForkAgent();
  EXPECT_TRUE(worker->send("meet", passed, {.keep_open = true}));
  EXPECT_EQ(passed.kind(), GetParam());
  worker->on(events::message, [&, fd = other.fd()](const Message&, Handle&) {
    EXPECT_EQ(Read(fd), "worker 1");
    worker->disconnect();
  });
  Run();
  // The worker's is closed by now.
  if (GetParam() == HandleKind::kTcpSocket ||
      GetParam() == HandleKind::kUnixSocket) {
    EXPECT_EQ(::send(passed.fd(), "here", 4, 0), 4);
    EXPECT_EQ(Read(other.fd()), "here");
  } else if (GetParam() != HandleKind::kUdpSocket) {
    const Handle client = ConnectTo(passed);
    EXPECT_TRUE(Handle(accept4(passed.fd(), nullptr, nullptr, SOCK_CLOEXEC)));
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         KindTest,
                         ::testing::Values(HandleKind::kTcpSocket,
                                           HandleKind::kTcpListener,
                                           HandleKind::kUnixSocket,
                                           HandleKind::kUnixListener,
                                           HandleKind::kUdpSocket));

class GivenKindTest : public HandleTest,
                      public ::testing::WithParamInterface<const char*> {};

TEST_P(GivenKindTest, B195_ComesFromAWorker) {
  const auto worker = ForkAgent();
  worker->send(absl::StrCat("give ", GetParam()));
  std::string greeting;
  worker->on(events::message, [&](const Message& message, Handle& handle) {
    EXPECT_EQ(TextOf(message), "given");
    const Handle mine = std::move(handle);
    greeting = Read(mine.fd());
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(greeting, "worker 1");
}

INSTANTIATE_TEST_SUITE_P(All,
                         GivenKindTest,
                         ::testing::Values("tcp", "unix", "udp"));

TEST_F(HandleTest, B195_ListenerComesFromAWorker) {
  const auto worker = ForkAgent();
  worker->send("give listener");
  std::string greeting;
  worker->on(events::message, [&](const Message& message, Handle& handle) {
    EXPECT_EQ(TextOf(message), "given");
    EXPECT_EQ(handle.kind(), HandleKind::kTcpListener);
    const Handle client(accept4(handle.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    greeting = Read(client.fd());
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(greeting, "worker 1");
}

// ---- Ownership

TEST_F(HandleTest, B196_WhatNoListenerTakesIsClosed) {
  const auto worker = ForkAgent();
  const size_t before = OpenFds();
  worker->send("give unix");
  worker->on(events::message, [&](const Message&, Handle& handle) {
    EXPECT_TRUE(handle);
    worker->disconnect();
  });
  Run();
  EXPECT_LE(OpenFds(), before);
}

TEST_F(HandleTest, B197_ShutdownCountsForBoth) {
  auto [passed, other] = UnixPair();
  const auto worker = ForkAgent();
  worker->send("keep", passed, {.keep_open = true});
  worker->request("has it", absl::Seconds(20), [&, fd = other.fd()](Reply&) {
    EXPECT_EQ(shutdown(passed.fd(), SHUT_WR), 0);
    EXPECT_EQ(Read(fd), "end");
    worker->disconnect();
  });
  Run();
}

TEST_F(HandleTest, B198_WhatWasReadFromItDoesNotTravel) {
  auto [passed, other] = UnixPair();
  EXPECT_EQ(::send(other.fd(), "abcd", 4, 0), 4);
  char read_here[2];
  EXPECT_EQ(recv(passed.fd(), read_here, 2, 0), 2);
  const auto worker = ForkAgent();
  std::string rest;
  worker->request(
      "back, please",
      absl::Seconds(20),
      [&](Reply& reply) {
        rest = Read(reply.handle.fd());
        worker->disconnect();
      },
      passed);
  Run();
  EXPECT_EQ(rest, "cd");
}

TEST_F(HandleTest, B199_SentAgainItIsNoneAndB200_NoneIsJustAMessage) {
  auto [passed, other] = UnixPair();
  const auto worker = ForkAgent();
  worker->send("1", passed);
  EXPECT_TRUE(worker->send("2", passed));
  EXPECT_TRUE(worker->send("3", Handle()));
  std::vector<bool> had;
  worker->on(events::message, [&](const Message&, Handle& handle) {
    had.push_back(static_cast<bool>(handle));
    if (had.size() == 3) worker->disconnect();
  });
  Run();
  EXPECT_THAT(had, ElementsAre(true, false, false));
}

TEST_F(HandleTest, B211_ReceiverOfNone) {
  const auto worker = ForkAgent();
  worker->send("meet");
  std::string met;
  worker->on(events::message, [&](const Message& message, Handle&) {
    met = TextOf(message);
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(met, "met none");
}

// ---- Servers

TEST_F(HandleTest, B201_BothProcessesAcceptFromAServer) {
  Handle server = Bound(SOCK_STREAM);
  const auto worker = ForkAgent();
  LogEvents();
  worker->send("meet", server, {.keep_open = true});
  worker->on(events::message, [&](const Message&, Handle&) {
    // Nobody accepts here yet, so the first is the worker's.
    const Handle first = ConnectTo(server);
    EXPECT_EQ(Read(first.fd()), "worker 1");
    worker->disconnect();
  });
  Run();
  const Handle second = ConnectTo(server);
  EXPECT_TRUE(Handle(accept4(server.fd(), nullptr, nullptr, SOCK_CLOEXEC)));
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 0"))
      << "no listening event";
}

// Better than Node, where the worker fails to bind.
TEST_F(HandleTest, B202_ServerAtAUnixPath) {
  Handle server = UnixListener();
  const auto worker = ForkAgent();
  const Handle client = ConnectTo(server);
  worker->send("meet", server);
  std::string greeting;
  worker->on(events::message,
             [&, fd = client.fd()](const Message& message, Handle&) {
               EXPECT_EQ(TextOf(message), "met unix listener");
               greeting = Read(fd);
               worker->disconnect();
             });
  Run();
  EXPECT_EQ(greeting, "worker 1");
}

TEST_F(HandleTest, B203_DatagramSocketThatTheSenderHasClosed) {
  Handle bound = Bound(SOCK_DGRAM);
  const Handle client = ConnectTo(bound);
  const auto worker = ForkAgent();
  worker->send("meet", bound, {.keep_open = true}, [&](const absl::Status&) {
    bound.close();
  });
  std::string greeting;
  worker->on(events::message, [&, fd = client.fd()](const Message&, Handle&) {
    EXPECT_FALSE(bound);
    EXPECT_EQ(::send(fd, "x", 1, 0), 1);
    greeting = Read(fd);
    worker->disconnect();
  });
  Run();
  EXPECT_EQ(greeting, "worker 1");
}

// ---- Order

TEST_F(HandleTest, B179_OneOrderAndB206_EachWithItsOwnMessage) {
  const auto worker = ForkAgent();
  std::vector<ino_t> sent(60);
  for (size_t i = 0; i < sent.size(); ++i) {
    std::string text = absl::StrCat(i, " ");
    // Of some sizes that take parts, so that others could overtake.
    if (i % 10 == 0) text.resize(800'000, 'x');
    if (i % 3 == 0) {
      Handle handle(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sent[i] = IdentityOf(handle);
      worker->send(text, handle);
    } else {
      worker->send(text);
    }
  }
  std::vector<ino_t> came;
  worker->on(events::message, [&](const Message& message, Handle& handle) {
    EXPECT_THAT(TextOf(message),
                ::testing::StartsWith(absl::StrCat(came.size(), " ")));
    came.push_back(handle ? IdentityOf(handle) : 0);
    if (came.size() == sent.size()) worker->disconnect();
  });
  Run();
  EXPECT_EQ(came, sent);
}

TEST_F(HandleTest, B204_BothSidesSendAtOnce) {
  const auto worker = ForkAgent();
  const size_t before = OpenFds();
  // What was sent is on its way back while more is sent.
  size_t came = 0;
  size_t left = 500;
  const auto send_some = [&] {
    for (int i = 0; i < 50 && left > 0; ++i, --left) {
      worker->send("x", Handle(dup(STDERR_FILENO)));
    }
  };
  worker->on(events::message, [&](const Message&, Handle& handle) {
    EXPECT_TRUE(handle);
    if (++came % 25 == 0) send_some();
    if (came == 500) worker->disconnect();
  });
  send_some();
  Run();
  EXPECT_EQ(came, 500u);
  EXPECT_LE(OpenFds(), before);
}

// ---- Death

TEST_F(HandleTest, B207_SendingToADeadWorkerLeavesItHere) {
  auto [passed, other] = UnixPair();
  const auto worker = Fork({"exit", "0"});
  worker->on(events::exit, [&](int, int) {
    EXPECT_FALSE(worker->send("x", passed, Sent()));
    EXPECT_FALSE(worker->send("x", passed, {.keep_open = true}, Sent()));
  });
  Run();
  EXPECT_EQ(sent_, std::vector(2, absl::StatusCode::kNotFound));
  EXPECT_EQ(::send(passed.fd(), "here", 4, 0), 4);
  EXPECT_EQ(Read(other.fd()), "here");
}

TEST_F(HandleTest, B208_ReceiverDiesWithThreeOnTheirWayAndB058_Disconnects) {
  size_t before = 0;
  LogEvents();
  const auto worker = ForkAgent();
  WhenStopped(worker, [&] {
    before = OpenFds();
    for (int i = 0; i < 3; ++i) {
      worker->send(
          std::string(1 << 20, 'x'), Handle(dup(STDERR_FILENO)), Sent());
    }
    worker->kill(SIGKILL);
  });
  Run();
  EXPECT_EQ(sent_, std::vector(3, absl::StatusCode::kNotFound));
  EXPECT_THAT(log_,
              ElementsAre("fork 1", "online 1", "disconnect 1", "exit 1 0 9"));
  EXPECT_LE(OpenFds(), before);
}

TEST_F(HandleTest, B212_ReceiverThatExitsAtTheFirst) {
  const auto worker = ForkAgent();
  worker->send("exit 3", Handle(dup(STDERR_FILENO)), Sent());
  for (int i = 0; i < 20; ++i) {
    worker->send(std::string(100'000, 'x'), Handle(dup(STDERR_FILENO)), Sent());
  }
  Run();
  EXPECT_EQ(worker->process().exit_code(), 3);
  EXPECT_THAT(sent_, SizeIs(21)) << "each is told";
  EXPECT_THAT(sent_,
              Each(AnyOf(absl::StatusCode::kOk, absl::StatusCode::kNotFound)));
}

}  // namespace
}  // namespace cluster
