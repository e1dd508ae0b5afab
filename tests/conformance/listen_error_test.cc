// Rows B098 to B107: what goes wrong when a worker listens.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"
#include "tests/conformance/without_capability.h"

namespace cluster {
namespace {

// A port of 127.0.0.1 that somebody else has.
class Occupant {
 public:
  explicit Occupant(int type = SOCK_STREAM)
      : fd_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at));
    if (type == SOCK_STREAM) (void)::listen(fd_, 1);
    socklen_t size = sizeof(at);
    (void)getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = std::to_string(ntohs(at.sin_port));
  }
  ~Occupant() { Leave(); }

  const std::string& port() const { return port_; }
  void Leave() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
  std::string port_;
};

class ListenErrorTest : public ListeningTest,
                        public ::testing::WithParamInterface<const char*> {
 protected:
  ListenErrorTest() { cluster_.set_scheduling_policy(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(UnderEachPolicy,
                         ListenErrorTest,
                         ::testing::Values(kSchedRr, kSchedNone));

TEST_P(ListenErrorTest, B098_TellsCodeCallAddressAndPort) {
  const Occupant other;
  const auto worker = Start();
  EXPECT_EQ(Ask(worker, "listen a port=" + other.port(), "a "),
            "a error EADDRINUSE bind 127.0.0.1 " + other.port());
  EXPECT_EQ(Ask(worker, "listen a host= port=" + other.port(), "a "),
            "a error EADDRINUSE bind - " + other.port())
      << "no address was named";
}

TEST_P(ListenErrorTest, B099_TakenByAnotherProcess) {
  const Occupant stream;
  const Occupant datagram(SOCK_DGRAM);
  const auto worker = Start();
  EXPECT_EQ(WordOf(Ask(worker, "listen a port=" + stream.port(), "a "), 2),
            "EADDRINUSE");
  EXPECT_EQ(WordOf(Ask(worker, "bind b port=" + datagram.port(), "b "), 2),
            "EADDRINUSE");
  EXPECT_EQ(Ask(worker, "address a", "a is"), "a is nowhere");
  EXPECT_GT(Listen(worker, "listen c"), 0) << "the worker goes on";
}

TEST_P(ListenErrorTest, B100_PortThatNeedsAPrivilege) {
  int first_free = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first_free;
  if (first_free <= 42) GTEST_SKIP() << "no port needs a privilege here";
  const WithoutCapability without(CAP_NET_BIND_SERVICE);
  EXPECT_EQ(Ask(Start(), "listen a port=42", "a "),
            "a error EACCES bind 127.0.0.1 42");
}

TEST_P(ListenErrorTest, B101_AddressOfAnotherMachine) {
  EXPECT_EQ(Ask(Start(), "listen a host=192.0.2.1", "a "),
            "a error EADDRNOTAVAIL bind 192.0.2.1 0");
}

TEST_P(ListenErrorTest, B102_MayBeTriedAgain) {
  Occupant other;
  const auto workers = Start(2);
  const std::string there = "listen a port=" + other.port();
  EXPECT_EQ(Listen(workers[0], there), -1);
  EXPECT_EQ(Listen(workers[1], there), -1);
  other.Leave();
  EXPECT_EQ(std::to_string(Listen(workers[0], there)), other.port());
}

TEST_P(ListenErrorTest, B103_AfterAFailureAllShareThePort) {
  Occupant other;
  const auto workers = Start(3);
  const std::string there = "listen a port=" + other.port();
  EXPECT_EQ(Listen(workers[0], there), -1);
  other.Leave();
  for (const auto& worker : workers) {
    EXPECT_EQ(std::to_string(Listen(worker, there)), other.port());
  }
}

TEST_P(ListenErrorTest, B104_TwiceByTheSameWorker) {
  const auto worker = Start();
  const int port = Listen(worker, "listen a");
  EXPECT_EQ(
      WordOf(Ask(worker, "listen b port=" + std::to_string(port), "b "), 2),
      "EADDRINUSE");
  EXPECT_EQ(ServedBy(port), worker->id());
}

TEST_P(ListenErrorTest, B105_DescriptorThatIsNoSocket) {
  const auto worker = Start();
  const Occupant datagram(SOCK_DGRAM);
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::string file_text = std::to_string(file);
  EXPECT_EQ(Ask(worker, "listen a fd=777", "a "), "a error EINVAL bind - -1");
  EXPECT_EQ(Ask(worker, "listen a fd=" + file_text, "a "),
            "a error EINVAL bind - -1");
  EXPECT_EQ(Ask(worker, "bind b fd=" + file_text, "b "),
            "b error EINVAL open - -1");
  close(file);
  // One that the cluster has itself.
  const int port = Listen(worker, "listen c");
  int own = 0;
  for (int fd = 3; fd < 256 && own == 0; ++fd) {
    sockaddr_in at = {};
    socklen_t size = sizeof(at);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0 &&
        at.sin_family == AF_INET && ntohs(at.sin_port) == port) {
      own = fd;
    }
  }
  const std::string own_text = std::to_string(own);
  EXPECT_EQ(Ask(worker, "listen a fd=" + own_text, "a "),
            "a error EEXIST bind - -1");
  EXPECT_EQ(Ask(worker, "bind b fd=" + own_text, "b "),
            "b error EEXIST open - -1");
}

TEST_P(ListenErrorTest, B106_PathThatExistsAndDirectoryThatDoesNot) {
  char name[] = "/tmp/listen_error_test.XXXXXX";
  const std::string directory = mkdtemp(name);
  const auto workers = Start(2);
  const std::string path = directory + "/socket";
  Await(workers[0], (Tell(workers[0], "listen a path=" + path), "a listening"));
  EXPECT_EQ(WordOf(Ask(workers[1], "listen a exclusive path=" + path, "a "), 2),
            "EADDRINUSE");
  std::ofstream(directory + "/file") << "text";
  EXPECT_EQ(
      WordOf(Ask(workers[1], "listen a path=" + directory + "/file", "a "), 2),
      "EADDRINUSE");
  EXPECT_EQ(Ask(workers[1], "listen a path=" + directory + "/none/s", "a "),
            "a error ENOENT bind " + directory + "/none/s -1");
  std::filesystem::remove_all(directory);
}

TEST_P(ListenErrorTest, B107_DisturbsNobodyElse) {
  const Occupant other;
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  EXPECT_EQ(Listen(workers[1], "listen a port=" + other.port()), -1);
  EXPECT_EQ(ServedBy(port), workers[0]->id());
  EXPECT_EQ(Listen(workers[1], "listen b port=" + std::to_string(port)), port);
}

TEST_P(ListenErrorTest, B108_WhatItsListenerThrowsIsTheProgramsOwn) {
  const Occupant other;
  const auto throws = Start();
  Tell(throws, "listen a throw port=" + other.port());
  RunUntilDead(throws);
  EXPECT_EQ(throws->process().exit_code(), 68);
  const auto leaves = Start();
  Tell(leaves, "listen a disconnect port=" + other.port());
  RunUntilDead(leaves);
  EXPECT_EQ(leaves->process().exit_code(), 0);
}

}  // namespace
}  // namespace cluster
