// Row B084: a worker serves a socket that it has already, and the primary is
// not asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "core/cluster.h"
#include "tests/conformance/agent_fixture.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"
#include "tests/conformance/sockets.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

int PortOf(const Handle& handle) {
  sockaddr_in at = {};
  socklen_t size = sizeof(at);
  getsockname(handle.fd(), reinterpret_cast<sockaddr*>(&at), &size);
  return ntohs(at.sin_port);
}

class AdoptedListenerTest : public AgentTest {
 protected:
  static std::string Adopted(int port) {
    return "adopted 127.0.0.1 " + std::to_string(port) + " tcp4";
  }
};

TEST_F(AdoptedListenerTest, B084_ListenerThatCameNeedsNoAnswerOfThePrimary) {
  const auto worker = StartAgent();
  Handle listener = Bound(SOCK_STREAM);
  const int port = PortOf(listener);
  bool sent = false;
  worker->send("adopt", listener, [&](const absl::Status&) { sent = true; });
  RunUntil([&] { return sent; });
  EXPECT_FALSE(listener);
  // From here on the primary, which is this thread, answers nobody.
  EXPECT_EQ(Read(Client(port).fd()), "worker 1");
  EXPECT_EQ(Heard(worker), Adopted(port));
  EXPECT_TRUE(listening_.empty()) << "and hears nothing of it";
  EXPECT_EQ(worker->state(), WorkerState::kOnline);
}

TEST_F(AdoptedListenerTest, B084_InheritedDescriptor) {
  const Handle listener = Bound(SOCK_STREAM);
  const auto worker =
      cluster_.fork({.settings = {.args = {{"agent", ""}},
                                  .stdio = {{Stdio::ignore(),
                                             Stdio::pipe(),
                                             Stdio::inherit(),
                                             Stdio::ipc(),
                                             Stdio::fd(listener.fd())}}}});
  EXPECT_EQ(Order(worker, "adopt 4"), Adopted(PortOf(listener)));
  EXPECT_EQ(Read(Client(PortOf(listener)).fd()), "worker 1");
}

TEST_F(AdoptedListenerTest, B084_UnixSocket) {
  const auto worker = StartAgent();
  Handle listener = UnixListener();
  const Handle client = ConnectTo(listener);
  EXPECT_EQ(WordOf(Order(worker, "adopt", std::move(listener)), 3), "unix");
  EXPECT_EQ(Read(client.fd()), "worker 1");
}

TEST_F(AdoptedListenerTest, B084_OthersThatHaveItServeItToo) {
  const auto workers = {StartAgent(), StartAgent()};
  const Handle listener = Bound(SOCK_STREAM);
  const int port = PortOf(listener);
  for (const auto& worker : workers) {
    EXPECT_EQ(Order(worker, "adopt", *listener.copy()), Adopted(port));
  }
  EXPECT_EQ(Order(*workers.begin(), "close"), "closed");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Read(Client(port).fd()), "worker 2");
}

TEST_F(AdoptedListenerTest, B084_ClosedItRefusesAndAnotherMayFollow) {
  const auto worker = StartAgent();
  Handle first = Bound(SOCK_STREAM);
  const int port = PortOf(first);
  EXPECT_EQ(Order(worker, "adopt", std::move(first)), Adopted(port));
  EXPECT_EQ(Order(worker, "close"), "closed");
  EXPECT_FALSE(Client(port).connected());
  Handle second = Bound(SOCK_STREAM);
  const int next = PortOf(second);
  EXPECT_EQ(Order(worker, "adopt", std::move(second)), Adopted(next));
  EXPECT_EQ(Read(Client(next).fd()), "worker 1");
}

TEST_F(AdoptedListenerTest, B084_WhatCannotListenIsAnErrorEvent) {
  const auto worker = StartAgent();
  EXPECT_EQ(Order(worker, "adopt"), "refused EBADF listen") << "none";
  EXPECT_EQ(Order(worker, "adopt 999"), "refused EBADF listen") << "closed";
  EXPECT_EQ(Order(worker, "adopt", Bound(SOCK_DGRAM)),
            "refused EOPNOTSUPP listen");
  EXPECT_EQ(Order(worker, "adopt", UnixPair().first), "refused EINVAL listen")
      << "connected";
  EXPECT_EQ(Order(worker, "adopt", Handle(dup(STDERR_FILENO))),
            "refused ENOTSOCK listen");
  EXPECT_EQ(Order(worker, "count"), "has 0") << "it lives on";
}

// By whoever has it, too. It stays readable, and must not keep them busy.
TEST_F(AdoptedListenerTest, ShutDownItRestsAndSaysSo) {
  const auto worker = StartAgent();
  const Handle listener = Bound(SOCK_STREAM);
  Order(worker, "adopt", *listener.copy());
  testing::internal::CaptureStderr();
  shutdown(listener.fd(), SHUT_RDWR);
  EXPECT_EQ(Order(worker, "count"), "has 0");
  const pid_t pid = worker->process().pid();
  const absl::Duration before = CpuTime(pid);
  io_.run_for(std::chrono::seconds(1));
  EXPECT_LT(CpuTime(pid) - before, absl::Milliseconds(200));
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, HasSubstr("worker 1: accept4 127.0.0.1:"));
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << "once";
}

TEST_F(AdoptedListenerTest, B084_LimitOfConnectionsHoldsThere) {
  const auto worker = StartAgent();
  Handle listener = Bound(SOCK_STREAM);
  const int port = PortOf(listener);
  EXPECT_EQ(Order(worker, "adopt -1 1", std::move(listener)), Adopted(port));
  Client first(port);
  EXPECT_EQ(Heard(worker), "held");
  const Client second(port);
  EXPECT_TRUE(second.connected()) << "it waits in the kernel";
  EXPECT_EQ(Order(worker, "count"), "has 1");
  EXPECT_EQ(Order(worker, "count"), "has 1");
  first.Close();
  EXPECT_EQ(Heard(worker), "held");
  EXPECT_EQ(Order(worker, "count"), "has 1");
}

TEST_F(AdoptedListenerTest, B084_DisconnectDoesNotWaitForItsConnections) {
  const auto worker = StartAgent();
  Handle listener = Bound(SOCK_STREAM);
  const int port = PortOf(listener);
  EXPECT_EQ(Order(worker, "adopt -1 9", std::move(listener)), Adopted(port));
  const Client held(port);
  EXPECT_EQ(Heard(worker), "held");
  worker->disconnect();
  RunUntilDead(worker);
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_FALSE(held.IsOpen());
  EXPECT_FALSE(Client(port).connected());
}

TEST_F(AdoptedListenerTest, B210_ReceivedSocketIsServedAsIfAcceptedThere) {
  const auto worker = StartAgent();
  Handle listener = Bound(SOCK_STREAM);
  const int port = PortOf(listener);
  EXPECT_EQ(Order(worker, "adopt -1 1", std::move(listener)), Adopted(port));
  const Handle elsewhere = Bound(SOCK_STREAM);
  Handle client = ConnectTo(elsewhere);
  const auto accepted = [&] {
    return Handle(accept4(elsewhere.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  };
  EXPECT_EQ(Order(worker, "take", accepted()), "held");
  EXPECT_EQ(Order(worker, "count"), "has 1");
  // There may be no more than that, wherever they come from.
  Client second(port);
  EXPECT_EQ(Order(worker, "count"), "has 1");
  client.close();
  EXPECT_EQ(Heard(worker), "held") << "the second";
  // close() waits for both kinds.
  client = ConnectTo(elsewhere);
  EXPECT_EQ(Order(worker, "take", accepted()), "held");
  EXPECT_EQ(Order(worker, "count"), "has 2");
  worker->send("close");
  second.Close();
  EXPECT_EQ(Order(worker, "not yet"), "not yet");
  client.close();
  EXPECT_EQ(Heard(worker), "closed");
}

TEST_F(AdoptedListenerTest, B210_WhatIsNoConnectionIsRefused) {
  const auto worker = StartAgent();
  Order(worker, "adopt", Bound(SOCK_STREAM));
  EXPECT_EQ(Order(worker, "take"), "not taken 3") << "none";
  EXPECT_EQ(Order(worker, "take", Bound(SOCK_STREAM)), "not taken 3");
  EXPECT_EQ(Order(worker, "take", Bound(SOCK_DGRAM)), "not taken 3");
  const int unconnected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(Order(worker, "take", Handle(unconnected)), "not taken 3");
  EXPECT_EQ(Order(worker, "count"), "has 0");
}

// One that the worker gives away is no connection of its server's any more.
TEST_F(AdoptedListenerTest, B209_ConnectionThatIsSentAwayIsNoneOfTheServers) {
  const auto worker = StartAgent("return");
  RunUntil([&] { return !listening_.empty(); });
  const Client client(std::atoi(WordOf(listening_.front(), 2).c_str()));
  EXPECT_EQ(Heard(worker), "yours");
  const Handle came = std::move(came_);
  EXPECT_EQ(came.kind(), HandleKind::kTcpSocket);
  EXPECT_EQ(Order(worker, "count"), "has 0");
  EXPECT_EQ(Order(worker, "close"), "closed");
  EXPECT_TRUE(client.IsOpen());
}

}  // namespace
}  // namespace cluster
