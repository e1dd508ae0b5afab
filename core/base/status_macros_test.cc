#include "core/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cluster {
namespace {

absl::Status Pass(const absl::Status& status, bool& reached) {
  RETURN_IF_ERROR(status);
  reached = true;
  return absl::OkStatus();
}

absl::StatusOr<int> Sum(absl::StatusOr<int> a, absl::StatusOr<int> b) {
  ASSIGN_OR_RETURN(const int first, a);
  ASSIGN_OR_RETURN(int second, std::move(b));
  second += first;
  return second;
}

absl::StatusOr<std::unique_ptr<int>> Make(bool ok) {
  if (!ok) return absl::NotFoundError("none");
  return std::make_unique<int>(7);
}

absl::Status Take(bool ok, std::unique_ptr<int>& taken) {
  ASSIGN_OR_RETURN(taken, Make(ok));
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ReturnIfErrorGoesOnWhenOk) {
  bool reached = false;
  EXPECT_TRUE(Pass(absl::OkStatus(), reached).ok());
  EXPECT_TRUE(reached);
}

TEST(StatusMacrosTest, ReturnIfErrorReturnsTheErrorAsItIs) {
  bool reached = false;
  const absl::Status error = absl::AbortedError("again");
  EXPECT_EQ(Pass(error, reached), error);
  EXPECT_FALSE(reached);
}

TEST(StatusMacrosTest, ReturnIfErrorIsOneStatement) {
  const auto choose = [](bool first) -> absl::Status {
    if (first)
      RETURN_IF_ERROR(absl::OkStatus());
    else
      RETURN_IF_ERROR(absl::AbortedError("else"));
    return absl::OkStatus();
  };
  EXPECT_TRUE(choose(true).ok());
  EXPECT_FALSE(choose(false).ok());
}

TEST(StatusMacrosTest, AssignOrReturnDeclares) { EXPECT_EQ(*Sum(3, 4), 7); }

TEST(StatusMacrosTest, AssignOrReturnReturnsTheFirstError) {
  const absl::Status error = absl::NotFoundError("x");
  EXPECT_EQ(Sum(error, 4).status(), error);
  EXPECT_EQ(Sum(3, error).status(), error);
}

TEST(StatusMacrosTest, AssignOrReturnMovesIntoWhatExists) {
  std::unique_ptr<int> taken;
  EXPECT_TRUE(Take(true, taken).ok());
  EXPECT_EQ(*taken, 7);
  EXPECT_TRUE(absl::IsNotFound(Take(false, taken)));
  EXPECT_EQ(*taken, 7);
}

}  // namespace
}  // namespace cluster
