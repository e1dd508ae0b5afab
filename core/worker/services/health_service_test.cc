#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/control/messages.h"
#include "core/control/telemetry_messages.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

class HealthServiceTest : public ServiceFixture {
 protected:
  HealthServiceTest() {
    context_.OnReadiness([this](bool ready) { heard_.push_back(ready); });
    context_.OnEndAsked([this](bool at_once) { ends_.push_back(at_once); });
  }

  // Returns what the primary was told since the last call.
  std::vector<Readiness> Told() {
    std::vector<Readiness> told;
    for (const auto& [type, payload] : Sent()) {
      if (type != FrameType::kReadiness) continue;
      told.push_back(*Decode<Readiness>(payload));
    }
    return told;
  }

  const cluster_health_v1* const health_ =
      Find<cluster_health_v1>(CLUSTER_SERVICE_HEALTH_V1);
  const cluster_thread_check_v1* const thread_ =
      Find<cluster_thread_check_v1>(CLUSTER_SERVICE_THREAD_CHECK_V1);
  std::vector<bool> heard_;
  std::vector<bool> ends_;  // at once?
};

TEST_F(HealthServiceTest, ChangesAreToldOnce) {
  EXPECT_EQ(health_->ready(host_), CLUSTER_OK);
  EXPECT_EQ(health_->not_ready(host_, {"cache is cold", 13}), CLUSTER_OK);
  EXPECT_EQ(health_->not_ready(host_, {"still", 5}), CLUSTER_OK);
  EXPECT_EQ(health_->ready(host_), CLUSTER_OK);
  const std::vector<Readiness> told = Told();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_FALSE(told[0].ready);
  EXPECT_EQ(told[0].reason, "cache is cold");
  EXPECT_TRUE(told[1].ready);
  EXPECT_EQ(heard_, std::vector<bool>({false, true}));
}

TEST_F(HealthServiceTest, OtherThreadsSpeakThroughTheLoop) {
  std::thread([&] {
    EXPECT_EQ(health_->not_ready(host_, {"x", 1}), CLUSTER_OK);
    EXPECT_EQ(thread_->is_loop_thread(host_), 0);
  }).join();
  EXPECT_TRUE(heard_.empty());
  loop_->Dispatch();
  EXPECT_EQ(heard_, std::vector<bool>({false}));
  EXPECT_EQ(thread_->is_loop_thread(host_), 1);
}

TEST_F(HealthServiceTest, FullQueueIsTold) {
  while (loop_->Post([](void*) {}, nullptr)) {
  }
  std::thread([&] {
    EXPECT_EQ(health_->ready(host_), CLUSTER_E_FULL);
    EXPECT_EQ(health_->not_ready(host_, {"x", 1}), CLUSTER_E_FULL);
    EXPECT_EQ(health_->end(host_, 0), CLUSTER_E_FULL);
  }).join();
  loop_->Dispatch();
  EXPECT_TRUE(heard_.empty());
  EXPECT_TRUE(ends_.empty());
}

TEST_F(HealthServiceTest, LongReasonIsCut) {
  const std::string reason(2'000, 'x');
  EXPECT_EQ(health_->not_ready(host_, {reason.data(), reason.size()}),
            CLUSTER_OK);
  EXPECT_EQ(Told().at(0).reason, reason.substr(0, 1'024));
}

TEST_F(HealthServiceTest, ReasonIsNeeded) {
  EXPECT_EQ(health_->not_ready(host_, {nullptr, 0}), CLUSTER_E_INVALID);
  EXPECT_EQ(health_->not_ready(host_, {nullptr, 5}), CLUSTER_E_INVALID);
  EXPECT_TRUE(heard_.empty());
}

TEST_F(HealthServiceTest, HeartbeatIsATimeInTheSharedPage) {
  EXPECT_EQ(page_->heartbeat_ns, 0u);
  std::thread([&] { health_->heartbeat(host_); }).join();
  EXPECT_GT(page_->heartbeat_ns, 0u);
}

TEST_F(HealthServiceTest, AsksForTheEndOnTheLoop) {
  EXPECT_EQ(health_->end(host_, 0), CLUSTER_OK);
  EXPECT_EQ(health_->end(host_, 1), CLUSTER_OK);
  EXPECT_EQ(ends_, std::vector<bool>({false, true}));
  std::thread([&] { EXPECT_EQ(health_->end(host_, 1), CLUSTER_OK); }).join();
  EXPECT_EQ(ends_.size(), 2u);
  loop_->Dispatch();
  EXPECT_EQ(ends_, std::vector<bool>({false, true, true}));
}

TEST_F(HealthServiceTest, WhoHasNotStartedFailsInPlaceOfEnding) {
  context_.contract().Enter(PluginPhase::kStarting);
  EXPECT_EQ(health_->end(host_, 0), CLUSTER_E_STATE);
  EXPECT_TRUE(ends_.empty());
}

TEST_F(HealthServiceTest, AfterTheDrainNobodyIsReady) {
  context_.contract().Enter(PluginPhase::kStopping);
  EXPECT_EQ(health_->ready(host_), CLUSTER_E_STATE);
  health_->heartbeat(host_);
  EXPECT_GT(page_->heartbeat_ns, 0u);
}

}  // namespace
}  // namespace cluster
