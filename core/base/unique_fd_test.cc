#include "core/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <utility>

namespace cluster {
namespace {

int OpenNull() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFdTest, HoldsNothingByDefault) {
  const UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFdTest, DescriptorZeroIsOne) {
  UniqueFd fd(0);
  EXPECT_TRUE(fd);
  EXPECT_EQ(fd.Release(), 0);
}

TEST(UniqueFdTest, ClosesAtTheEnd) {
  const int number = OpenNull();
  {
    const UniqueFd fd(number);
    EXPECT_TRUE(fd);
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFdTest, MoveLeavesNothingBehind) {
  UniqueFd from(OpenNull());
  const int number = from.get();
  UniqueFd to(std::move(from));
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(to.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, MoveAssignmentClosesWhatWasHeld) {
  UniqueFd to(OpenNull());
  const int old = to.get();
  UniqueFd from(OpenNull());
  const int number = from.get();
  to = std::move(from);
  EXPECT_FALSE(IsOpen(old));
  EXPECT_EQ(to.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, SelfAssignmentKeepsIt) {
  UniqueFd fd(OpenNull());
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(fd);
  EXPECT_TRUE(IsOpen(fd.get()));
}

TEST(UniqueFdTest, ReleaseGivesItAway) {
  int number = -1;
  {
    UniqueFd fd(OpenNull());
    number = fd.Release();
    EXPECT_FALSE(fd);
  }
  EXPECT_TRUE(IsOpen(number));
  close(number);
}

TEST(UniqueFdTest, ResetToTheSameKeepsIt) {
  UniqueFd fd(OpenNull());
  fd.Reset(fd.get());
  EXPECT_TRUE(IsOpen(fd.get()));
}

TEST(UniqueFdTest, ClosingLeavesErrnoAlone) {
  UniqueFd fd(1'000'000);  // not open: close fails
  errno = ENOENT;
  fd.Reset();
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace cluster
