#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/control/messages.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

class LogServiceTest : public ServiceFixture {
 protected:
  // Returns the lines that the primary got since the last call.
  std::vector<LogLine> Logged() {
    std::vector<LogLine> lines;
    for (const auto& [type, payload] : Sent()) {
      EXPECT_EQ(type, FrameType::kLog);
      lines.push_back(*Decode<LogLine>(payload));
    }
    return lines;
  }

  const cluster_log_v1* const log_ =
      Find<cluster_log_v1>(CLUSTER_SERVICE_LOG_V1);
};

TEST_F(LogServiceTest, LogsAtOnceOnTheLoopThread) {
  log_->write(host_, CLUSTER_LOG_WARNING, {"text", 4});
  log_->write(host_, CLUSTER_LOG_INFO, {nullptr, 0});
  const std::vector<LogLine> logged = Logged();
  ASSERT_EQ(logged.size(), 2u);
  EXPECT_EQ(logged[0].level, CLUSTER_LOG_WARNING);
  EXPECT_EQ(logged[0].text, "text");
  EXPECT_EQ(logged[1].text, "");
}

TEST_F(LogServiceTest, LongLinesAreCut) {
  const std::string text(100'000, 'x');
  log_->write(host_, CLUSTER_LOG_INFO, {text.data(), text.size()});
  const std::vector<LogLine> logged = Logged();
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_EQ(logged[0].text.size(), size_t{64} << 10);
}

TEST_F(LogServiceTest, LevelThatIsNoneIsAnError) {
  for (const int32_t level : {-1, 6, 257, 260, INT32_MIN, INT32_MAX}) {
    log_->write(host_, level, {"text", 4});
    const std::vector<LogLine> logged = Logged();
    ASSERT_EQ(logged.size(), 1u);
    EXPECT_EQ(logged[0].level, CLUSTER_LOG_ERROR) << level;
    EXPECT_EQ(logged[0].text, "text");
  }
}

TEST_F(LogServiceTest, DroppedLinesAreCounted) {
  constexpr size_t kRoom = 4'096;
  for (int round = 0; round < 2; ++round) {
    std::thread([&] {
      for (size_t i = 0; i < kRoom + 3; ++i) {
        log_->write(host_, CLUSTER_LOG_INFO, {"text", 4});
      }
    }).join();
    loop_->Dispatch();
    // More than the socket takes at a time.
    std::vector<LogLine> logged = Logged();
    for (size_t before = 0; before < logged.size();) {
      before = logged.size();
      for (LogLine& line : Logged()) logged.push_back(std::move(line));
    }
    ASSERT_EQ(logged.size(), kRoom + 1);
    EXPECT_EQ(logged.back().level, CLUSTER_LOG_WARNING);
    EXPECT_EQ(logged.back().text, "3 lines of other threads were dropped");
  }
}

// Else nobody would ever be told of what other threads log.
TEST_F(LogServiceTest, LinesAreToldAlsoIfTheLoopHadNoRoomForAll) {
  while (loop_->Post([](void*) {}, nullptr)) {
  }
  const auto log = [this](size_t lines) {
    std::thread([&] {
      for (size_t i = 0; i < lines; ++i) {
        log_->write(host_, CLUSTER_LOG_INFO, {"text", 4});
      }
    }).join();
    loop_->Dispatch();
  };
  log(4'096 + 1);
  EXPECT_TRUE(Logged().empty());
  log(1);
  std::vector<LogLine> logged = Logged();
  for (size_t before = 0; before < logged.size();) {
    before = logged.size();
    for (LogLine& line : Logged()) logged.push_back(std::move(line));
  }
  ASSERT_EQ(logged.size(), 4'096u + 1);
  EXPECT_EQ(logged.back().text, "2 lines of other threads were dropped");
}

TEST_F(LogServiceTest, OtherThreadsLogThroughTheLoop) {
  std::thread([&] {
    log_->write(host_, CLUSTER_LOG_INFO, {"text", 4});
  }).join();
  EXPECT_TRUE(Logged().empty());
  loop_->Dispatch();
  const std::vector<LogLine> logged = Logged();
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_EQ(logged[0].text, "text");
}

}  // namespace
}  // namespace cluster
