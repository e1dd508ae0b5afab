#include "core/cluster/passed_sockets.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PassedSocketsTest : public ::testing::Test {
 protected:
  PassedSocketsTest() {
    // Something is at 3 and 4, whatever the test was started with.
    for (const int fd : {3, 4}) {
      if (fcntl(fd, F_GETFD) < 0) dup2(0, fd);
    }
    Pass(absl::StrCat(getpid()), "2");
  }

  void Pass(const std::string& pid, const std::string& count) {
    setenv("LISTEN_PID", pid.c_str(), 1);
    setenv("LISTEN_FDS", count.c_str(), 1);
    unsetenv("LISTEN_FDNAMES");
  }
  void ExpectRefused(const std::string& why) {
    const absl::Status status = TakePassedSockets().status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  }

  const std::vector<PassedSocket> two_ = {{.fd = 3, .name = "web"},
                                          {.fd = 4, .name = "admin"}};
};

TEST_F(PassedSocketsTest, AreTakenOnceAndCloseOnExec) {
  setenv("LISTEN_FDNAMES", "web:admin", 1);
  const std::vector<PassedSocket> passed = *TakePassedSockets();
  ASSERT_EQ(passed.size(), 2u);
  EXPECT_EQ(passed[0].fd, 3);
  EXPECT_EQ(passed[0].name, "web");
  EXPECT_EQ(passed[1].name, "admin");
  EXPECT_NE(fcntl(3, F_GETFD) & FD_CLOEXEC, 0);
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    EXPECT_EQ(getenv(name), nullptr) << name;
  }
  EXPECT_TRUE(TakePassedSockets()->empty());
}

TEST_F(PassedSocketsTest, HaveNoNameUnlessTheUnitSaysOne) {
  EXPECT_EQ(TakePassedSockets()->at(0).name, "unknown");
}

TEST_F(PassedSocketsTest, OfAnotherProcessAreNotTaken) {
  Pass(absl::StrCat(getppid()), "2");
  EXPECT_TRUE(TakePassedSockets()->empty());
}

TEST_F(PassedSocketsTest, NonsenseIsOneClearLine) {
  Pass("me", "2");
  ExpectRefused("LISTEN_PID=me: must be a number");
  for (const char* count : {"many", "-1", "99999", ""}) {
    Pass(absl::StrCat(getpid()), count);
    ExpectRefused("must be a number from 0 to 1024");
  }
  Pass(absl::StrCat(getpid()), "1000");
  ExpectRefused("is not open");
  Pass(absl::StrCat(getpid()), "2");
  setenv("LISTEN_FDNAMES", "one", 1);
  ExpectRefused("LISTEN_FDNAMES=one: must have 2 names");
}

TEST_F(PassedSocketsTest, AllOrThoseOfAName) {
  EXPECT_THAT(*NamePassedSockets({"systemd", ":80"}, two_),
              ElementsAre("fd:3", "fd:4", ":80"));
  EXPECT_THAT(*NamePassedSockets({"systemd:admin"}, two_), ElementsAre("fd:4"));
}

TEST_F(PassedSocketsTest, WhatIsNotThereIsSaid) {
  EXPECT_THAT(
      std::string(NamePassedSockets({"systemd:x"}, two_).status().message()),
      HasSubstr("no socket of that name, but: web, admin"));
  EXPECT_THAT(
      std::string(NamePassedSockets({"systemd"}, {}).status().message()),
      HasSubstr("systemd passed no sockets"));
}

}  // namespace
}  // namespace cluster
