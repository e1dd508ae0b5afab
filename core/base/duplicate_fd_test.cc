#include "core/base/duplicate_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

TEST(DuplicateFdTest, CopyOutlivesTheFirstAndClosesOnExec) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const absl::StatusOr<UniqueFd> copy = DuplicateFd(writer.get());
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(fcntl(copy->get(), F_GETFD), FD_CLOEXEC);
  writer.Reset();
  EXPECT_EQ(write(copy->get(), "x", 1), 1);
}

TEST(DuplicateFdTest, WhatIsNotOpenIsNamed) {
  const int closed = UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)).get();
  const absl::Status status = DuplicateFd(closed, "old socket").status();
  EXPECT_EQ(ErrnoOf(status), EBADF);
  EXPECT_EQ(status.message(), "fcntl old socket: Bad file descriptor (EBADF)");
}

}  // namespace
}  // namespace cluster
