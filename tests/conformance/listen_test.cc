// Rows B065 to B092: listening, and who shares what.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

// How many connections may wait at the listening socket of `port`, which is one
// of this process; -1 if there is none.
int BacklogOf(int port) {
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in at = {};
    socklen_t size = sizeof(at);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0 ||
        at.sin_family != AF_INET || ntohs(at.sin_port) != port) {
      continue;
    }
    tcp_info info = {};
    size = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
        info.tcpi_state == TCP_LISTEN) {
      return static_cast<int>(info.tcpi_sacked);
    }
  }
  return -1;
}

bool CanBind(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound =
      bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0;
  close(fd);
  return bound;
}

bool HasIpv6() {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 at = {};
  at.sin6_family = AF_INET6;
  at.sin6_addr = in6addr_loopback;
  const bool has = bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0;
  close(fd);
  return has;
}

class ListenTest : public ListeningTest {
 protected:
  void UseSharedSocket() { cluster_.set_scheduling_policy(kSchedNone); }
};

TEST_F(ListenTest, B065_ThePrimaryBinds) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  EXPECT_GT(BacklogOf(port), 0) << "the primary has no such socket";
  EXPECT_EQ(Ask(worker, "sockets", "sockets"), "sockets 0");
}

TEST_F(ListenTest, B066_OneAddressIsBoundOnceAndShared) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  const std::string same = "listen a port=" + std::to_string(port);
  EXPECT_EQ(Listen(workers[1], same), port);
  AwaitBothServe(port);
}

TEST_F(ListenTest, B067_TheNumbersOfANameDecide) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a host=127.0.0.1");
  const std::string at_port = " port=" + std::to_string(port);
  Tell(workers[1], "listen a host=localhost" + at_port);
  const std::string by_name = Await(workers[1], "a ");
  // A system may look up [::1] first.
  if (WordOf(by_name, 2) == "127.0.0.1") {
    EXPECT_EQ(PortIn(by_name), port);
    AwaitBothServe(port);
  }
  // Another endpoint, in its way.
  EXPECT_EQ(WordOf(Ask(workers[1], "listen b host=0.0.0.0" + at_port, "b "), 2),
            "EADDRINUSE");
}

TEST_F(ListenTest, B068_PortThatAnotherGotByZeroIsShared) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a port=0");
  EXPECT_EQ(Listen(workers[1], "listen a port=" + std::to_string(port)), port);
}

TEST_F(ListenTest, B069_WithoutAHostBothFamilies) {
  const auto worker = Start();
  const std::string line = Ask(worker, "listen a host=", "a listening");
  EXPECT_EQ(WordOf(line, 2), HasIpv6() ? "::" : "0.0.0.0");
  EXPECT_EQ(ServedBy(PortIn(line)), worker->id());
}

TEST_F(ListenTest, B070_EventTellsWhatIsBoundWithoutAHost) {
  std::vector<Address> told;
  cluster_.on(events::listening,
              [&](Worker&, const Address& at) { told.push_back(at); });
  const int port = Listen(Start(), "listen a host=");
  RunUntil([&] { return !told.empty(); });
  EXPECT_EQ(told[0].address, HasIpv6() ? "::" : "0.0.0.0");
  EXPECT_EQ(told[0].port, port);
  EXPECT_EQ(told[0].fd, -1);
}

TEST_F(ListenTest, B071_KindOfTheAddress) {
  const auto worker = Start();
  // What the event says; the worker is told the same.
  const auto kind_of = [&](const std::string& what) {
    const size_t before = listening_.size();
    const std::string listening = WordOf(what, 1) + " listening";
    const std::string own = WordOf(Ask(worker, what, listening), 4);
    RunUntil([&] { return listening_.size() > before; });
    const std::string kind = WordOf(listening_.back(), 3);
    EXPECT_EQ(own, kind) << what;
    return kind;
  };
  EXPECT_EQ(kind_of("listen a host=127.0.0.1"), "tcp4");
  EXPECT_EQ(kind_of("listen b path=@B071"), "unix");
  EXPECT_EQ(kind_of("bind c"), "udp4");
  if (!HasIpv6()) return;
  EXPECT_EQ(kind_of("listen d host=::1"), "tcp6");
  EXPECT_EQ(kind_of("bind e host=::1"), "udp6");
  EXPECT_EQ(kind_of("listen f host="), "tcp6");
}

TEST_F(ListenTest, B074_OneEventForEachServerEachTimeItListens) {
  const auto worker = Start();
  Listen(worker, "listen a");
  Listen(worker, "listen b");
  Ask(worker, "close a", "a closed");
  Listen(worker, "listen a");
  RunUntil([&] { return listening_.size() == 3; });
  EXPECT_EQ(worker->state(), WorkerState::kListening);
}

TEST_F(ListenTest, B075_NoEventForWhatIsNotShared) {
  const auto worker = Start();
  Listen(worker, "listen a exclusive");
  Listen(worker, "listen b reuse_port");
  Tell(worker, "socket c\nsend c 9 x");
  Ask(worker, "listen d close", "d closed");
  EXPECT_EQ(Listen(worker, "listen e host=192.0.2.1"), -1);
  // Told after all of these.
  const int port = Listen(worker, "listen f");
  RunUntil([&] { return !listening_.empty(); });
  EXPECT_EQ(listening_,
            std::vector<std::string>{"1 127.0.0.1 " + std::to_string(port) +
                                     " tcp4"});
}

TEST_F(ListenTest, B076_BacklogIs511) {
  EXPECT_EQ(BacklogOf(Listen(Start(), "listen a")), 511);
}

TEST_F(ListenTest, B077_ByTurnsTheFirstBacklogCounts) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a backlog=100");
  EXPECT_EQ(Listen(workers[1], "listen a backlog=10"), port);
  EXPECT_EQ(BacklogOf(port), 100);
}

TEST_F(ListenTest, B078_OnASharedSocketTheLatestBacklogCounts) {
  UseSharedSocket();
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a backlog=10");
  EXPECT_EQ(BacklogOf(port), 10);
  EXPECT_EQ(Listen(workers[1], "listen a backlog=300"), port);
  EXPECT_EQ(BacklogOf(port), 300);
}

TEST_F(ListenTest, B079_FlagsOfTheFirstCount) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a host=:: ipv6_only");
  EXPECT_EQ(Listen(workers[1], "listen a host=:: port=" + std::to_string(port)),
            port);
  EXPECT_FALSE(Client(port).connected()) << "it takes IPv4";
}

TEST_F(ListenTest, B079_PermissionsOfTheFirstCount) {
  char name[] = "/tmp/listen_test.XXXXXX";
  const std::string directory = mkdtemp(name);
  const std::string path = directory + "/socket";
  const auto workers = Start(2);
  Ask(workers[0], "listen a readable_all path=" + path, "a listening");
  struct stat first = {};
  ASSERT_EQ(stat(path.c_str(), &first), 0);
  EXPECT_EQ(first.st_mode & (S_IROTH | S_IWOTH), unsigned{S_IROTH});
  Ask(workers[1], "listen a writable_all path=" + path, "a listening");
  struct stat second = {};
  ASSERT_EQ(stat(path.c_str(), &second), 0);
  EXPECT_EQ(second.st_mode, first.st_mode);
  std::filesystem::remove_all(directory);
}

TEST_F(ListenTest, B080_Ipv6AloneOrBothFamilies) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const auto worker = Start();
  const int six = Listen(worker, "listen a host=:: ipv6_only");
  const std::string four = "listen b host=0.0.0.0 port=" + std::to_string(six);
  EXPECT_EQ(Listen(worker, four), six);
  const int both = Listen(worker, "listen c host=::");
  EXPECT_EQ(ServedBy(both), worker->id());
}

TEST_F(ListenTest, B080_AlsoOnASharedSocket) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  UseSharedSocket();
  const auto worker = Start();
  const int six = Listen(worker, "listen a host=:: ipv6_only");
  EXPECT_FALSE(Client(six).connected());
  EXPECT_EQ(ServedBy(Listen(worker, "listen b host=::")), worker->id());
}

TEST_F(ListenTest, B081_TheWorkerKnowsWhereItListens) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  EXPECT_EQ(Ask(worker, "address a", "a is"),
            "a is at 127.0.0.1 " + std::to_string(port));
  Ask(worker, "close a", "a closed");
  EXPECT_EQ(Ask(worker, "address a", "a is"), "a is nowhere");
}

TEST_F(ListenTest, B082_SecondListenTakesThePlaceOfTheFirst) {
  const auto worker = Start();
  Tell(worker, "listen a host=127.0.0.1\nlisten a host=127.0.0.2");
  const std::string line = Await(worker, "a ");
  EXPECT_EQ(WordOf(line, 2), "127.0.0.2");
  EXPECT_EQ(Ask(worker, "listen a", "a "),
            "a error - the server listens already");
  RunUntil([&] { return !listening_.empty(); });
  EXPECT_EQ(listening_,
            std::vector<std::string>{"1 127.0.0.2 " +
                                     std::to_string(PortIn(line)) + " tcp4"});
}

TEST_F(ListenTest, B083_CloseBeforeTheAnswer) {
  const auto worker = Start();
  EXPECT_EQ(Ask(worker, "listen a\nclose a", "a "), "a was not listening");
  // The answer came before this one's, and so would its event.
  const int port = Listen(worker, "listen b");
  RunUntil([&] { return !listening_.empty(); });
  EXPECT_FALSE(HasSaid(worker, "a listening"));
  EXPECT_EQ(listening_,
            std::vector<std::string>{"1 127.0.0.1 " + std::to_string(port) +
                                     " tcp4"});
}

TEST_F(ListenTest, B085_ExclusiveIsOneWorkersAlone) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a exclusive");
  EXPECT_NE(Listen(workers[1], "listen a exclusive"), port);
  EXPECT_NE(Listen(workers[0], "listen b exclusive"), port);
  for (const std::string how : {" exclusive", ""}) {
    EXPECT_EQ(WordOf(Ask(workers[1],
                         "listen c port=" + std::to_string(port) + how,
                         "c "),
                     2),
              "EADDRINUSE");
  }
  EXPECT_EQ(ServedBy(port), workers[0]->id());
  workers[0]->disconnect();
  RunUntilDead(workers[0]);
  EXPECT_TRUE(HasSaid(workers[0], "a close event"));
  EXPECT_FALSE(Client(port).connected());
}

TEST_F(ListenTest, B086_ReusePortIsBoundByEachForItself) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a reuse_port");
  const std::string same = " port=" + std::to_string(port);
  EXPECT_EQ(Listen(workers[0], "listen b reuse_port" + same), port);
  EXPECT_EQ(Listen(workers[1], "listen a reuse_port" + same), port);
  EXPECT_EQ(Listen(workers[1], "listen c" + same), -1);
  RunUntilDead([&] {
    workers[0]->disconnect();
    return workers[0];
  }());
  EXPECT_EQ(ServedBy(port), workers[1]->id());
}

TEST_F(ListenTest, B087_WorkerThatWasToldToEndListensNoMore) {
  const auto worker = Start();
  // It holds the worker up while it ends.
  const int port = Listen(worker, "listen a keep");
  const Client client(port);
  EXPECT_EQ(Greeting(client.fd()), worker->id());
  Tell(worker, "disconnect");
  AwaitRefused(port);
  Tell(worker, "listen b\nfree a");
  RunUntilDead(worker);
  EXPECT_FALSE(HasSaid(worker, "b "));
  EXPECT_EQ(worker->process().exit_code(), 0);
}

TEST_F(ListenTest, B088_ThePrimaryItselfCannotBindIt) {
  const int port = Listen(Start(), "listen a");
  EXPECT_FALSE(CanBind(port));
}

TEST_F(ListenTest, B092_WithoutAPortIsPortZero) {
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  EXPECT_GT(port, 0);
  EXPECT_EQ(Listen(workers[1], "listen a port=0"), port);
}

}  // namespace
}  // namespace cluster
