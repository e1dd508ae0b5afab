#include "core/base/errno_status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace cluster {
namespace {

TEST(ErrnoStatusTest, NamesCallSubjectAndError) {
  const absl::Status status = ErrnoStatus(EADDRINUSE, "bind", "[::1]:80");
  EXPECT_EQ(status.message(),
            "bind [::1]:80: Address already in use (EADDRINUSE)");
  EXPECT_EQ(ErrnoOf(status), EADDRINUSE);
  EXPECT_EQ(SyscallOf(status), "bind");
}

TEST(ErrnoStatusTest, TakesCurrentErrnoBeforeAnythingCanChangeIt) {
  errno = EACCES;
  EXPECT_EQ(ErrnoOf(ErrnoStatus("open", "x")), EACCES);
}

TEST(ErrnoStatusTest, UnknownNumberStillReads) {
  EXPECT_EQ(ErrnoName(99999), "errno 99999");
  EXPECT_FALSE(ErrnoStatus(99999, "call").ok());
}

TEST(ErrnoStatusTest, PlainStatusCarriesNoErrno) {
  EXPECT_EQ(ErrnoOf(absl::InternalError("x")), 0);
  EXPECT_EQ(SyscallOf(absl::InternalError("x")), "");
}

}  // namespace
}  // namespace cluster
