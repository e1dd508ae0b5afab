#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <thread>
#include <utility>

#include "core/worker/services/service_fixture.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

class LogServiceTest : public ServiceFixture {
 protected:
  const cluster_log_v1* const log_ =
      Find<cluster_log_v1>(CLUSTER_SERVICE_LOG_V1);
};

TEST_F(LogServiceTest, LogsAtOnceOnTheLoopThread) {
  log_->write(host_, CLUSTER_LOG_WARNING, {"text", 4});
  log_->write(host_, CLUSTER_LOG_INFO, {nullptr, 0});
  ASSERT_EQ(logged_.size(), 2u);
  EXPECT_EQ(logged_[0], std::pair(CLUSTER_LOG_WARNING, std::string("text")));
  EXPECT_EQ(logged_[1].second, "");
}

TEST_F(LogServiceTest, LongLinesAreCut) {
  const std::string text(100'000, 'x');
  log_->write(host_, CLUSTER_LOG_INFO, {text.data(), text.size()});
  EXPECT_EQ(logged_[0].second.size(), size_t{64} << 10);
}

TEST_F(LogServiceTest, OtherThreadsLogThroughTheLoop) {
  std::thread([&] {
    log_->write(host_, CLUSTER_LOG_INFO, {"text", 4});
  }).join();
  EXPECT_TRUE(logged_.empty());
  loop_->Dispatch();
  ASSERT_EQ(logged_.size(), 1u);
  EXPECT_EQ(logged_[0].second, "text");
}

}  // namespace
}  // namespace cluster
