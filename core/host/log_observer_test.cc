#include "core/host/log_observer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "core/base/unique_fd.h"
#include "core/log/logger.h"
#include "core/primary/workers/primary_observer.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

// The log that a pipe gets, and what workers say.
class LogObserverTest : public ::testing::Test {
 protected:
  LogObserverTest() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    reader_.Reset(fds[0]);
    writer_.Reset(fds[1]);
  }

  // The line in the log for what an observer is told.
  std::string Told(const std::function<void(LogObserver&)>& tell) {
    Logger logger({.min_level = LogLevel::kDebug, .fd = writer_.get()});
    LogObserver observer(logger, "./kite.so", "");
    tell(observer);
    char line[256];
    const ssize_t size = read(reader_.get(), line, sizeof(line));
    return size < 0 ? "" : std::string(line, static_cast<size_t>(size));
  }
  // For what a worker logged.
  std::string Logged(int level) {
    return Told([level](LogObserver& observer) {
      observer.OnLog(3, 4711, level, "text");
    });
  }
  // For why the primary ends.
  std::string GivingUp(PrimaryEnd::Kind kind) {
    return Told([kind](LogObserver& observer) {
      observer.OnGivingUp({.kind = kind, .reason = "no wind"});
    });
  }

  UniqueFd reader_;
  UniqueFd writer_;
};

TEST_F(LogObserverTest, LevelsOfPluginsAreThoseOfTheLog) {
  EXPECT_THAT(Logged(CLUSTER_LOG_DEBUG),
              HasSubstr(" DEBUG worker 3 [4711] text"));
  EXPECT_THAT(Logged(CLUSTER_LOG_INFO),
              HasSubstr(" INFO  worker 3 [4711] text"));
  EXPECT_THAT(Logged(CLUSTER_LOG_WARNING),
              HasSubstr(" WARN  worker 3 [4711] text"));
  EXPECT_THAT(Logged(CLUSTER_LOG_ERROR),
              HasSubstr(" ERROR worker 3 [4711] text"));
}

TEST_F(LogObserverTest, MisbehaviourIsAnErrorThatSaysWhose) {
  EXPECT_THAT(Logged(CLUSTER_LOG_HOST_MISBEHAVING),
              HasSubstr(" ERROR worker 3 [4711] the host misbehaves: text"));
  EXPECT_THAT(Logged(CLUSTER_LOG_PLUGIN_MISBEHAVING),
              HasSubstr(" ERROR worker 3 [4711] misbehaviour of plugin text"));
}

// A worker may send anything.
TEST_F(LogObserverTest, LevelThatIsNoneIsAnError) {
  for (const int level : {6, 77, 255}) {
    EXPECT_THAT(Logged(level), HasSubstr(" ERROR worker 3 [4711] text"));
  }
}

TEST_F(LogObserverTest, GivingUpIsAnErrorWithTheReason) {
  EXPECT_THAT(GivingUp(PrimaryEnd::Kind::kPluginRefused),
              HasSubstr("the plugin ./kite.so cannot run: no wind\n"));
  EXPECT_THAT(GivingUp(PrimaryEnd::Kind::kWorkersDied),
              HasSubstr("too often (see --restarts); the last: no wind\n"));
  EXPECT_THAT(GivingUp(PrimaryEnd::Kind::kCannotFork),
              HasSubstr("no worker can be started: no wind\n"));
  EXPECT_EQ(GivingUp(PrimaryEnd::Kind::kDrained), "");
}

}  // namespace
}  // namespace cluster
