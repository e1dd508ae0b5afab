#include "core/supervisor/reap_all.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/supervisor/spawner.h"

namespace cluster {
namespace {

std::vector<ChildProcess> Start(const std::string& program,
                                std::vector<std::string> words,
                                size_t count) {
  words.insert(words.begin(), program);
  std::vector<ChildProcess> children;
  for (size_t i = 0; i < count; ++i) {
    absl::StatusOr<ChildProcess> child =
        Spawn({.executable = program, .arguments = words});
    EXPECT_TRUE(child.ok()) << child.status();
    children.push_back(*std::move(child));
  }
  return children;
}

void Reap(const std::vector<ChildProcess>& children, absl::Duration grace) {
  std::vector<int> pidfds;
  for (const ChildProcess& child : children) {
    pidfds.push_back(child.pidfd.get());
  }
  ReapAll(std::move(pidfds), grace);
}

void ExpectNoneLeft(const std::vector<ChildProcess>& children) {
  for (const ChildProcess& child : children) {
    EXPECT_EQ(waitpid(child.pid, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }
}

TEST(ReapAllTest, WaitsForThoseThatEnd) {
  const auto children = Start("/bin/true", {}, 3);
  // The limit is never reached.
  Reap(children, absl::InfiniteDuration());
  ExpectNoneLeft(children);
}

TEST(ReapAllTest, KillsThoseThatDoNot) {
  const auto children = Start("/bin/sleep", {"1000"}, 2);
  Reap(children, absl::Milliseconds(1));
  // The second limit may be too short for them to end.
  Reap(children, absl::InfiniteDuration());
  ExpectNoneLeft(children);
}

TEST(ReapAllTest, NoneIsNothing) { ReapAll({}, absl::InfiniteDuration()); }

}  // namespace
}  // namespace cluster
