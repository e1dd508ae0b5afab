#include "core/supervisor/spawn_as.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>
#include <string>

#include "core/base/unique_fd.h"

namespace cluster {
namespace {

constexpr uid_t kNobody = 65'534;

// Runs a shell's `script` and keeps what it prints.
class SpawnAsTest : public ::testing::Test {
 protected:
  SpawnAsTest() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    reader_.Reset(fds[0]);
    writer_.Reset(fcntl(fds[1], F_DUPFD_CLOEXEC, 10));
    close(fds[1]);
    request_.program = "/bin/sh";
    request_.arguments = arguments_.data();
    request_.environment = environment_.data();
    request_.descriptors = {
        {writer_.get(), 0}, {writer_.get(), 1}, {writer_.get(), 2}};
  }

  // Returns what it prints, or the name of the step that failed.
  std::string Run(const char* script) {
    script_ = script;
    arguments_[2] = script_.data();
    pid_t pid = -1;
    const char* step = "";
    error_ = SpawnAs(request_, &pid, &step);
    if (error_ != 0) return step;
    writer_.Reset();
    std::string printed;
    char buffer[256];
    ssize_t count;
    while ((count = read(reader_.get(), buffer, sizeof(buffer))) > 0) {
      printed.append(buffer, static_cast<size_t>(count));
    }
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    return printed;
  }

  UniqueFd reader_;
  UniqueFd writer_;
  char shell_[3] = "sh";
  char option_[3] = "-c";
  std::string script_;
  std::array<char*, 4> arguments_ = {shell_, option_, nullptr, nullptr};
  std::array<char*, 1> environment_ = {nullptr};
  SpawnAsRequest request_;
  int error_ = 0;
};

// Whoever it is, this process may always be itself.
TEST_F(SpawnAsTest, ItsOwnIds) {
  request_.uid = getuid();
  request_.gid = getgid();
  EXPECT_EQ(Run("id -u; id -g"),
            std::to_string(getuid()) + "\n" + std::to_string(getgid()) + "\n");
}

TEST_F(SpawnAsTest, OtherIdsForRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may take others";
  request_.uid = request_.gid = kNobody;
  EXPECT_EQ(Run("id -u; id -g; id -G"), "65534\n65534\n65534\n");
}

// As root the test is nobody for a while, in a child, for good.
TEST_F(SpawnAsTest, IdsThatAreNotItsOwnAreRefused) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setresuid(kNobody, kNobody, kNobody) != 0) _exit(1);
    request_.uid = 0;
    if (Run("true") != "setuid" || error_ != EPERM) _exit(2);
    request_.gid = 0;
    request_.uid.reset();
    const bool own = getgid() == 0;
    if (!own && (Run("true") != "setgid" || error_ != EPERM)) _exit(3);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// The standard signals: numbers 32 and 33 are the C library's own.
TEST_F(SpawnAsTest, SignalsAreAsInAFreshProcess) {
  signal(SIGPIPE, SIG_IGN);
  const std::string printed =
      Run("grep -E 'SigBlk|SigIgn' /proc/self/status | grep -o '.........$'");
  signal(SIGPIPE, SIG_DFL);
  std::istringstream lines(printed);
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    ++count;
    EXPECT_EQ(std::stoull(line, nullptr, 16) & 0x7fffffff, 0u) << line;
  }
  EXPECT_EQ(count, 2) << printed;
}

TEST_F(SpawnAsTest, DirectoryIsTheChilds) {
  request_.working_directory = "/usr";
  EXPECT_EQ(Run("pwd"), "/usr\n");
}

TEST_F(SpawnAsTest, StepThatFailsIsNamedAndNothingIsLeft) {
  request_.working_directory = "/does/not/exist";
  EXPECT_EQ(Run("true"), "chdir");
  EXPECT_EQ(error_, ENOENT);
  request_.working_directory = nullptr;
  request_.program = "/does/not/exist";
  EXPECT_EQ(Run("true"), "execve");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace cluster
