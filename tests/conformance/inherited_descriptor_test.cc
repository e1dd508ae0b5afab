// Rows B169 to B171, B071 and B073: descriptors of the primary.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

// A listening socket that this process has, as if it had come from its parent.
class InheritedDescriptorTest : public ListeningTest {
 protected:
  InheritedDescriptorTest()
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at));
    (void)::listen(fd_, 16);
    socklen_t size = sizeof(at);
    (void)getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    listen_ = "listen a fd=" + std::to_string(fd_);
  }
  ~InheritedDescriptorTest() override { close(fd_); }

  void TwoWorkersServe() {
    const auto workers = Start(2);
    EXPECT_EQ(Listen(workers[0], listen_), port_);
    EXPECT_EQ(ServedBy(port_), workers[0]->id());
    EXPECT_EQ(Listen(workers[1], listen_), port_);
    Ask(workers[0], "block", "blocked");
    EXPECT_EQ(ServedBy(port_), workers[1]->id());
    Tell(workers[0], "go");
  }

  const int fd_;
  int port_;
  std::string listen_;
};

TEST_F(InheritedDescriptorTest, B073_EventTellsItsAddressAndB071_ItsKind) {
  Address told;
  cluster_.on(events::listening,
              [&](Worker&, const Address& address) { told = address; });
  const auto worker = Start();
  EXPECT_EQ(WordOf(Ask(worker, listen_, "a listening"), 5),
            std::to_string(fd_));
  RunUntil([&] { return told.fd >= 0; });
  EXPECT_EQ(told.fd, fd_);
  EXPECT_EQ(told.address, "127.0.0.1");
  EXPECT_EQ(told.port, port_);
  EXPECT_EQ(told.type, "tcp4");
}

TEST_F(InheritedDescriptorTest, B169_TheNumberIsThePrimarys) {
  // Of a number that no worker has open.
  const int high = fcntl(fd_, F_DUPFD_CLOEXEC, 200);
  const auto worker = Start();
  EXPECT_EQ(Listen(worker, "listen a fd=" + std::to_string(high)), port_);
  close(high);
  EXPECT_EQ(ServedBy(port_), worker->id());
}

TEST_F(InheritedDescriptorTest, B170_SeveralWorkersShareItByTurns) {
  cluster_.set_scheduling_policy(kSchedRr);
  TwoWorkersServe();
}

TEST_F(InheritedDescriptorTest, B170_SeveralWorkersShareTheSocket) {
  cluster_.set_scheduling_policy(kSchedNone);
  TwoWorkersServe();
}

// The primary is another process, which has it from this one.
class PassedOnTest : public InheritedDescriptorTest {
 protected:
  ~PassedOnTest() override {
    if (primary_ <= 0) return;
    kill(primary_, SIGKILL);
    EXPECT_EQ(waitpid(primary_, nullptr, 0), primary_);
    fclose(lines_);
  }

  // It has the socket at `fd`, has a worker serve `how`, and is told by the
  // variables of a service manager how many it has, if `listen_fds` is any.
  void StartPrimary(int fd, const std::string& how, const char* listen_fds) {
    int says[2];
    ASSERT_EQ(pipe2(says, O_CLOEXEC), 0);
    primary_ = fork();
    ASSERT_GE(primary_, 0);
    if (primary_ == 0) {
      dup2(says[1], STDOUT_FILENO);
      if (fd == fd_) fcntl(fd, F_SETFD, 0);  // not close-on-exec
      if (fd != fd_) dup2(fd_, fd);
      if (listen_fds != nullptr) {
        setenv("LISTEN_FDS", listen_fds, 1);
        setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
      }
      execl("/proc/self/exe", "test", "primary", "serve", how.c_str(), nullptr);
      _exit(127);
    }
    close(says[1]);
    lines_ = fdopen(says[0], "r");
    int port = -1;
    EXPECT_EQ(fscanf(lines_, "%d %d", &worker_, &port), 2);
    EXPECT_EQ(port, port_);
  }

  pid_t primary_ = -1;
  int worker_ = -1;  // its pid
  FILE* lines_ = nullptr;
};

TEST_F(PassedOnTest, B171_ItMayComeFromThePrimarysOwnParent) {
  StartPrimary(fd_, "fd=" + std::to_string(fd_), nullptr);
  EXPECT_EQ(Client(port_).ReadLine(), "hello\n");
}

TEST_F(PassedOnTest, B171_AlsoAsAServiceManagerPassesIt) {
  StartPrimary(3, "passed", "1");
  EXPECT_EQ(Client(port_).ReadLine(), "hello\n");
  // What was the primary's is not for the worker.
  std::ifstream file("/proc/" + std::to_string(worker_) + "/environ");
  const std::string environment(std::istreambuf_iterator<char>(file), {});
  EXPECT_FALSE(environment.empty());
  EXPECT_EQ(environment.find("LISTEN_"), std::string::npos);
}

TEST_F(InheritedDescriptorTest, ItStaysThePrimarysWhenTheWorkersAreGone) {
  const auto worker = Start();
  EXPECT_EQ(Listen(worker, listen_), port_);
  Ask(worker, "close a", "a closed");
  const Client waits(port_);
  EXPECT_TRUE(waits.connected());
  EXPECT_EQ(Listen(worker, listen_), port_);
  EXPECT_EQ(Greeting(waits.fd()), worker->id());
}

}  // namespace
}  // namespace cluster
