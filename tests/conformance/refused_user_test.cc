// Row B029: a user that a worker may not be. In a file of its own, as it cannot
// run under TSan: there a vfork(2) is a fork(2), and the child's failure stays
// in its own memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/errno_status.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/without_capability.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

using RefusedUserTest = ClusterTest;

TEST_F(RefusedUserTest, B029_UserThatIsNotAllowedIsKnownAtOnce) {
  const WithoutCapability without(CAP_SETUID);
  LogEvents();
  Settings settings = Does({"exit", "0"});
  settings.uid = getuid() + 1;
  const auto worker = cluster_.fork({.settings = settings});
  EXPECT_EQ(ErrnoOf(worker->status()), EPERM);
  EXPECT_FALSE(IsMember(*worker));
  Run();
  EXPECT_THAT(log_, ElementsAre("error 1"));
  EXPECT_EQ(Fork({"exit", "0"})->id(), 2u) << "the id is used up";
  Run();
}

TEST_F(RefusedUserTest, B029_SoIsAGroup) {
  const WithoutCapability without(CAP_SETGID);
  LogEvents();
  Settings settings = Does({"exit", "0"});
  settings.gid = getgid() + 1;
  const auto worker = cluster_.fork({.settings = settings});
  EXPECT_EQ(ErrnoOf(worker->status()), EPERM);
  EXPECT_FALSE(IsMember(*worker));
  Run();
  EXPECT_THAT(log_, ElementsAre("error 1"));
}

}  // namespace
}  // namespace cluster
