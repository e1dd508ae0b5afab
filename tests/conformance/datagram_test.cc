// Rows B146 to B161: datagrams.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

// A bound UDP socket of 127.0.0.1.
class Peer {
 public:
  Peer() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = Loopback(0);
    (void)bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at));
    socklen_t size = sizeof(at);
    (void)getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  ~Peer() { close(fd_); }

  int fd() const { return fd_; }
  int port() const { return port_; }

  void Send(int port, const std::string& text) {
    const sockaddr_in to = Loopback(port);
    (void)!sendto(fd_,
                  text.data(),
                  text.size(),
                  0,
                  reinterpret_cast<const sockaddr*>(&to),
                  sizeof(to));
  }
  bool HasMore() const {
    pollfd one = {.fd = fd_, .events = POLLIN, .revents = 0};
    return poll(&one, 1, 0) == 1;
  }
  // Whether nobody has bound `port`. It sends nowhere else from then on.
  bool IsRefusedAt(int port) {
    const sockaddr_in to = Loopback(port);
    (void)connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
    (void)!send(fd_, "x", 1, 0);
    // Over loopback the refusal is here when the call returns.
    return send(fd_, "x", 1, 0) < 0 && errno == ECONNREFUSED;
  }
  // Whether a socket of this process may have `port`, too.
  static bool CanReuse(int port) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    const sockaddr_in at = Loopback(port);
    const bool can =
        bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0;
    close(fd);
    return can;
  }
  // The port from which the next datagram comes. REQUIRES: HasMore().
  int TakeSendersPort() {
    char text[64];
    sockaddr_in from = {};
    socklen_t size = sizeof(from);
    (void)!recvfrom(
        fd_, text, sizeof(text), 0, reinterpret_cast<sockaddr*>(&from), &size);
    return ntohs(from.sin_port);
  }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }

  int fd_;
  int port_ = -1;
};

std::string At(int port) { return " port=" + std::to_string(port); }

class DatagramTest : public ListeningTest {
 protected:
  size_t GotBy(const std::shared_ptr<Worker>& worker) {
    size_t count = 0;
    const std::string& text = Printed(worker->id());
    for (size_t at = 0; (at = text.find(" got ", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    return count;
  }

  // The ports from which each of `workers` sends from its socket `name`.
  std::set<int> SendersPorts(
      const std::vector<std::shared_ptr<Worker>>& workers,
      const std::string& name) {
    Peer peer;
    for (const auto& worker : workers) {
      Tell(worker,
           "send " + name + " " + std::to_string(peer.port()) + " text");
    }
    std::set<int> ports;
    for (size_t i = 0; i < workers.size(); ++i) {
      RunUntil([&] { return peer.HasMore(); });
      ports.insert(peer.TakeSendersPort());
    }
    return ports;
  }
};

TEST_F(DatagramTest, B146_SharedWhateverThePolicy) {
  cluster_.set_scheduling_policy(kSchedRr);
  const auto workers = Start(2);
  const int port = Listen(workers[0], "bind a");
  EXPECT_EQ(Listen(workers[1], "bind a" + At(port)), port);
  Peer peer;
  peer.Send(port, "text");
  RunUntil([&] { return GotBy(workers[0]) + GotBy(workers[1]) > 0; });
}

TEST_F(DatagramTest, B147_EachComesToOneWorker) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "bind a");
  EXPECT_EQ(Listen(workers[1], "bind a"), port);
  Peer peer;
  for (int i = 0; i < 50; ++i) {
    peer.Send(port, "text");
    RunUntil([&] {
      return GotBy(workers[0]) + GotBy(workers[1]) >=
             static_cast<size_t>(i + 1);
    });
  }
  EXPECT_EQ(GotBy(workers[0]) + GotBy(workers[1]), 50u);
}

TEST_F(DatagramTest, B148_PortZeroAsWithServers) {
  const auto workers = Start(2);
  const int first = Listen(workers[0], "bind a");
  const int second = Listen(workers[0], "bind b");
  EXPECT_NE(first, second);
  EXPECT_EQ(Listen(workers[1], "bind a"), first);
  EXPECT_EQ(Listen(workers[1], "bind b"), second);
}

TEST_F(DatagramTest, B149_SendersShareThePortTheyHaveBound) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "bind a");
  Listen(workers[1], "bind a");
  EXPECT_EQ(SendersPorts(workers, "a"), std::set<int>{port});
  for (const auto& worker : workers) Tell(worker, "socket b");
  EXPECT_EQ(SendersPorts(workers, "b").size(), 2u) << "bound by sending";
}

TEST_F(DatagramTest, B150_BindingBySendingIsPrivate) {
  const auto worker = Start();
  Tell(worker, "socket a");
  const std::set<int> ports = SendersPorts({worker}, "a");
  Peer peer;
  peer.Send(*ports.begin(), "answer");
  EXPECT_EQ(Await(worker, "a got"),
            "a got answer " + std::to_string(peer.port()));
  EXPECT_TRUE(listening_.empty());
  EXPECT_EQ(worker->state(), WorkerState::kOnline);
  worker->disconnect();
  RunUntilDead(worker);
  EXPECT_TRUE(HasSaid(worker, "a close event"));
}

TEST_F(DatagramTest, B151_WhatTheEventTells) {
  const auto worker = Start();
  const int port = Listen(worker, "bind a host=0.0.0.0");
  RunUntil([&] { return !listening_.empty(); });
  EXPECT_EQ(listening_[0], "1 0.0.0.0 " + std::to_string(port) + " udp4");
}

TEST_F(DatagramTest, B152_ExclusiveIsOneWorkersAlone) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "bind a exclusive");
  EXPECT_EQ(WordOf(Ask(workers[1], "bind a exclusive" + At(port), "a "), 2),
            "EADDRINUSE");
  EXPECT_TRUE(listening_.empty());
}

TEST_F(DatagramTest, B153_ReuseAddressIsKept) {
  const auto worker = Start();
  Tell(worker, "socket a reuse_address\nsocket b reuse_address\nsocket c");
  const int port = Listen(worker, "bind a");
  EXPECT_EQ(Listen(worker, "bind b" + At(port)), port);
  EXPECT_EQ(Listen(worker, "bind c" + At(port)), -1);
}

TEST_F(DatagramTest, B079_FlagsOfTheFirstCount) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "bind a");
  Tell(workers[1], "socket a reuse_address");
  EXPECT_EQ(Listen(workers[1], "bind a" + At(port)), port) << "they share it";
  EXPECT_FALSE(Peer::CanReuse(port)) << "the socket of the first";
  // Where the first has said so it can be bound again.
  Tell(workers[0], "socket b reuse_address");
  EXPECT_TRUE(Peer::CanReuse(Listen(workers[0], "bind b")));
}

TEST_F(DatagramTest, B153_Ipv6OnlyIsKept) {
  const auto worker = Start();
  Tell(worker, "socket a ipv6 ipv6_only");
  const std::string line = Ask(worker, "bind a host=::", "a ");
  if (WordOf(line, 2) == "EAFNOSUPPORT") GTEST_SKIP() << "no IPv6 here";
  const int port = PortIn(line);
  EXPECT_EQ(Listen(worker, "bind b host=0.0.0.0" + At(port)), port);
}

TEST_F(DatagramTest, B153_ReusePortIsPrivate) {
  const auto workers = Start(2);
  Tell(workers[0], "socket a reuse_port");
  Tell(workers[1], "socket a reuse_port");
  const int port = Listen(workers[0], "bind a");
  EXPECT_EQ(Listen(workers[1], "bind a" + At(port)), port);
  EXPECT_TRUE(listening_.empty());
}

TEST_F(DatagramTest, B154_ByTheDescriptorOfThePrimary) {
  Peer bound;
  const auto workers = Start(2);
  for (const auto& worker : workers) {
    const std::string line =
        Ask(worker, "bind a fd=" + std::to_string(bound.fd()), "a ");
    EXPECT_EQ(PortIn(line), bound.port());
    EXPECT_EQ(WordOf(line, 5), std::to_string(bound.fd()));
  }
  Peer peer;
  peer.Send(bound.port(), "text");
  RunUntil([&] { return GotBy(workers[0]) + GotBy(workers[1]) == 1; });
}

TEST_F(DatagramTest, B155_ErrorLeavesTheSocketAsItWas) {
  const Peer taken;
  const auto worker = Start();
  EXPECT_EQ(
      Ask(worker, "bind a" + At(taken.port()), "a "),
      "a error EADDRINUSE bind 127.0.0.1 " + std::to_string(taken.port()));
  EXPECT_EQ(Ask(worker, "address a", "a is"), "a is nowhere");
  EXPECT_EQ(Ask(worker, "bind a fd=777", "a "), "a error EINVAL open - -1");
  EXPECT_EQ(Ask(worker, "address a", "a is"), "a is nowhere");
  EXPECT_GT(Listen(worker, "bind a"), 0);
}

TEST_F(DatagramTest, B156_CloseBeforeTheAnswer) {
  const Peer taken;
  const auto worker = Start();
  Tell(worker, "bind a\nclose a");
  Tell(worker, "bind b" + At(taken.port()) + "\nclose b");
  const int port = Listen(worker, "bind c");
  RunUntil([&] { return !listening_.empty(); });
  EXPECT_FALSE(HasSaid(worker, "a "));
  EXPECT_FALSE(HasSaid(worker, "b "));
  EXPECT_EQ(listening_[0], "1 127.0.0.1 " + std::to_string(port) + " udp4");
}

// What waits to be sent is not sent then, least of all from a socket that is
// bound anew.
TEST_F(DatagramTest, ClosedByAnErrorOfWhatWaitedItStaysClosed) {
  Peer peer;
  const auto worker = Start();
  Tell(worker, "socket a shut");
  // Nothing can be sent to port 0.
  EXPECT_EQ(Ask(worker,
                "bind a\nsend a 0 text\nsend a " + std::to_string(peer.port()) +
                    " text",
                "a error"),
            "a error EINVAL send 127.0.0.1 0");
  Await(worker, "a close event");
  EXPECT_EQ(Ask(worker, "address a", "a is"), "a is nowhere");
  EXPECT_FALSE(peer.HasMore());
}

TEST_F(DatagramTest, B157_CloseWhenItListens) {
  for (const auto& worker : Start(3)) {
    Ask(worker, "bind a close", "a close event");
    Tell(worker, "disconnect");
    RunUntilDead(worker);
    EXPECT_EQ(worker->process().exit_code(), 0);
  }
}

TEST_F(DatagramTest, B158_DisconnectClosesIt) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "bind a");
  workers[1]->disconnect();  // it has never bound
  RunUntilDead(workers[1]);
  Peer peer;
  peer.Send(port, "text");
  Await(workers[0], "a got text");
  workers[0]->disconnect();
  RunUntilDead(workers[0]);
  EXPECT_TRUE(HasSaid(workers[0], "a close event"));
  EXPECT_EQ(workers[0]->process().exit_code(), 0);
}

TEST_F(DatagramTest, B160_WorkerStaysWithoutSocketsAndEndsWithThemWhenTold) {
  const auto worker = Start();
  Listen(worker, "bind a");
  Ask(worker, "close a", "a close event");
  EXPECT_GT(Listen(worker, "bind b"), 0);
  Tell(worker, "disconnect");
  RunUntilDead(worker);
  EXPECT_EQ(worker->process().exit_code(), 0);
}

TEST_F(DatagramTest, B159_OthersGoOnUntilTheLastDies) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "bind c");
  EXPECT_EQ(Listen(workers[1], "bind c" + At(port)), port);
  workers[0]->kill(SIGKILL);
  RunUntilDead(workers[0]);
  Peer peer;
  for (int i = 0; i < 10; ++i) peer.Send(port, "text");
  RunUntil([&] { return GotBy(workers[1]) == 10; });
  workers[1]->kill(SIGKILL);
  RunUntilDead(workers[1]);
  EXPECT_TRUE(peer.IsRefusedAt(port));
}

TEST_F(DatagramTest, B161_MembershipIsTheSockets) {
  const auto workers = Start(2);
  Listen(workers[0], "bind a host=0.0.0.0");
  Listen(workers[1], "bind a host=0.0.0.0");
  const std::string first = Ask(workers[0], "join a 239.1.2.3", "a ");
  if (first == "a error ENODEV") GTEST_SKIP() << "no multicast here";
  EXPECT_EQ(first, "a joined");
  EXPECT_EQ(Ask(workers[1], "join a 239.1.2.3", "a "), "a error EADDRINUSE");
  // The way out.
  Tell(workers[1], "socket b reuse_address");
  Listen(workers[1], "bind b host=0.0.0.0 exclusive");
  EXPECT_EQ(Ask(workers[1], "join b 239.1.2.3", "b "), "b joined");
}

}  // namespace
}  // namespace cluster
