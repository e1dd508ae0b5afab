// Every function of every service, called wherever its tag forbids it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/control/messages.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/contract.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

void Never(void*) { FAIL(); }
void NeverReady(void*, uint32_t) { FAIL(); }
void NeverMessage(void*, const cluster_message*) { FAIL(); }
void NeverReply(void*, cluster_status, const cluster_message*) { FAIL(); }
void NeverListening(void*, cluster_status, uint32_t, const cluster_error*) {
  FAIL();
}

class ContractOfServicesTest : public ServiceFixture {
 protected:
  struct Call {
    std::string name;
    bool on_loop_thread;
    uint32_t states;  // in which its tag allows it
    std::function<cluster_status(const cluster_host*)> make;
  };

  // For functions without a result.
  static std::function<cluster_status(const cluster_host*)> Void(
      std::function<void(const cluster_host*)> call) {
    return [call](const cluster_host* host) {
      call(host);
      return kNoResult;
    };
  }

  std::vector<std::string> Logged() {
    loop_->Dispatch();
    std::vector<std::string> lines;
    for (const auto& [type, payload] : Sent()) {
      if (type != FrameType::kLog) continue;
      const LogLine line = *Decode<LogLine>(payload);
      EXPECT_EQ(line.level, CLUSTER_LOG_PLUGIN_MISBEHAVING);
      lines.push_back(line.text);
    }
    return lines;
  }

  static constexpr cluster_status kNoResult = -1;

  const cluster_loop_v1& loop_table_ =
      *Find<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1);
  const cluster_embedding_v1& embedding_ =
      *Find<cluster_embedding_v1>(CLUSTER_SERVICE_EMBEDDING_V1);
  const cluster_connection_v1& connection_ =
      *Find<cluster_connection_v1>(CLUSTER_SERVICE_CONNECTION_V1);
  const cluster_config_v1& config_ =
      *Find<cluster_config_v1>(CLUSTER_SERVICE_CONFIG_V1);
  const cluster_log_v1& log_ = *Find<cluster_log_v1>(CLUSTER_SERVICE_LOG_V1);
  const cluster_metric_v1& metric_ =
      *Find<cluster_metric_v1>(CLUSTER_SERVICE_METRIC_V1);
  const cluster_health_v1& health_ =
      *Find<cluster_health_v1>(CLUSTER_SERVICE_HEALTH_V1);
  const cluster_message_v1& message_ =
      *Find<cluster_message_v1>(CLUSTER_SERVICE_MESSAGE_V1);
  const cluster_listener_v1& listener_ =
      *Find<cluster_listener_v1>(CLUSTER_SERVICE_LISTENER_V1);
  const cluster_datagram_v1& datagram_ =
      *Find<cluster_datagram_v1>(CLUSTER_SERVICE_DATAGRAM_V1);
  const cluster_acceptor_v1& acceptor_ =
      *Find<cluster_acceptor_v1>(CLUSTER_SERVICE_ACCEPTOR_V1);
  const cluster_thread_check_v1& thread_ =
      *Find<cluster_thread_check_v1>(CLUSTER_SERVICE_THREAD_CHECK_V1);

  cluster_watch* watch_ = nullptr;
  cluster_timer* timer_ = nullptr;
  cluster_metric* made_ = nullptr;
  cluster_string key_ = {};
  cluster_string value_ = {};
  cluster_address address_ = {};
  cluster_outgoing outgoing_ = {};
  cluster_listener_info info_ = {};
  cluster_connection connections_ = {};
  uint64_t taken_ = 0;
  int32_t fd_ = -1;

  const std::vector<Call> calls_ = {
      {"watch",
       true,
       kCreatedToDraining,
       [this](auto* host) {
         return loop_table_.watch(
             host, 0, CLUSTER_READABLE, &NeverReady, nullptr, &watch_);
       }},
      {"modify",
       true,
       kCreatedToDraining,
       [this](auto* host) { return loop_table_.modify(host, watch_, 0); }},
      {"unwatch", true, kCreatedToStopped, Void([this](auto* host) {
         loop_table_.unwatch(host, watch_);
       })},
      {"start_timer",
       true,
       kCreatedToDraining,
       [this](auto* host) {
         return loop_table_.start_timer(host, 0, &Never, nullptr, &timer_);
       }},
      {"cancel_timer", true, kCreatedToStopped, Void([this](auto* host) {
         loop_table_.cancel_timer(host, timer_);
       })},
      {"post",
       false,
       kCreatedToDraining,
       [this](auto* host) { return loop_table_.post(host, &Never, nullptr); }},
      {"pollable", true, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(embedding_.pollable(host), -1);
       })},
      {"dispatch",
       true,
       kStartedToDraining,
       [this](auto* host) { return embedding_.dispatch(host); }},
      {"close", true, kStartedToStopped, Void([this](auto* host) {
         connection_.close(host, 0, 1);
       })},
      {"closed", false, kStartedToStopped, Void([this](auto* host) {
         connection_.closed(host, 1);
       })},
      {"local_address",
       false,
       kStartedToStopped,
       [this](auto* host) {
         return connection_.local_address(host, 0, &address_);
       }},
      {"requests", true, kStartedToStopped, Void([this](auto* host) {
         connection_.requests(host, 1, 1);
       })},
      {"bytes", false, kStartedToStopped, Void([this](auto* host) {
         connection_.bytes(host, 1, 1, 1);
       })},
      {"get", false, kCreatedToStopped, Void([this](auto* host) {
         config_.get(host, "key");
       })},
      {"entry", false, kCreatedToStopped, Void([this](auto* host) {
         config_.entry(host, 0, &key_, &value_);
       })},
      {"argument", false, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(config_.argument(host, 0).data, nullptr);
       })},
      {"worker_id", false, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(config_.worker_id(host), 0u);
       })},
      {"worker_count", false, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(config_.worker_count(host), 0u);
       })},
      {"slot", false, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(config_.slot(host), 0u);
       })},
      {"generation", false, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(config_.generation(host), 0u);
       })},
      {"write", false, kCreatedToStopped, Void([this](auto* host) {
         log_.write(host, 0, {"x", 1});
       })},
      {"counter",
       true,
       kCreatedToStarted,
       [this](auto* host) {
         return metric_.counter(host, "a_total", "", &made_);
       }},
      {"gauge",
       true,
       kCreatedToStarted,
       [this](auto* host) { return metric_.gauge(host, "a", "", &made_); }},
      {"histogram",
       true,
       kCreatedToStarted,
       [this](auto* host) {
         const double bound = 1;
         return metric_.histogram(host, "h", "", &bound, 1, &made_);
       }},
      // These get no host: there it is the NULL metric that is refused.
      {"add", false, kCreatedToStopped, Void([this](auto*) {
         metric_.add(made_, 1);
       })},
      {"set", false, kCreatedToStopped, Void([this](auto*) {
         metric_.set(made_, 1);
       })},
      {"observe", false, kCreatedToStopped, Void([this](auto*) {
         metric_.observe(made_, 1);
       })},
      {"ready",
       false,
       kCreatedToDraining,
       [this](auto* host) { return health_.ready(host); }},
      {"not_ready",
       false,
       kCreatedToDraining,
       [this](auto* host) { return health_.not_ready(host, {"x", 1}); }},
      {"heartbeat", false, kCreatedToStopped, Void([this](auto* host) {
         health_.heartbeat(host);
       })},
      {"on_message",
       true,
       kCreatedToStarted,
       [this](auto* host) {
         return message_.on_message(host, &NeverMessage, nullptr);
       }},
      {"send",
       true,
       kCreatedToDraining,
       [this](auto* host) { return message_.send(host, &outgoing_); }},
      {"request",
       true,
       kCreatedToDraining,
       [this](auto* host) {
         return message_.request(host, &outgoing_, 1, &NeverReply, nullptr);
       }},
      {"reply",
       true,
       kCreatedToDraining,
       [this](auto* host) { return message_.reply(host, 1, &outgoing_); }},
      {"count", true, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(listener_.count(host), 0u);
       })},
      {"info",
       true,
       kCreatedToStopped,
       [this](auto* host) { return listener_.info(host, 0, &info_); }},
      {"listen",
       true,
       kCreatedToStarted,
       [this](auto* host) {
         return listener_.listen(
             host, {"x", 1}, nullptr, &NeverListening, nullptr);
       }},
      {"close",
       true,
       kStartedToDraining,
       [this](auto* host) { return listener_.close(host, 0); }},
      {"socket",
       true,
       kCreatedToDraining,
       [this](auto* host) { return datagram_.socket(host, 0, &fd_); }},
      {"take_over",
       true,
       kCreatedToStarted,
       [this](auto* host) { return acceptor_.take_over(host, 0, &fd_); }},
      {"take",
       true,
       kStartedToDraining,
       [this](auto* host) {
         return acceptor_.take(host, 0, &connections_, 1, &taken_);
       }},
      {"pause",
       true,
       kCreatedToDraining,
       [this](auto* host) { return acceptor_.pause(host, 0); }},
      {"resume",
       true,
       kCreatedToDraining,
       [this](auto* host) { return acceptor_.resume(host, 0); }},
      {"is_loop_thread", false, kCreatedToStopped, Void([this](auto* host) {
         EXPECT_EQ(thread_.is_loop_thread(host), 0);
       })},
  };
};

// A phase for each state that a plugin can be in.
struct StateCase {
  uint32_t state;
  PluginPhase phase;
};
constexpr StateCase kStates[] = {{kLoaded, PluginPhase::kLoading},
                                 {kCreated, PluginPhase::kStarting},
                                 {kStarted, PluginPhase::kServing},
                                 {kDraining, PluginPhase::kDraining},
                                 {kStopped, PluginPhase::kStopping},
                                 {kDestroyed, PluginPhase::kNone}};

TEST_F(ContractOfServicesTest, EachWrongStateIsRefusedAndLoggedOnce) {
  for (const auto& [state, phase] : kStates) {
    for (const Call& call : calls_) {
      if ((call.states & state) != 0) continue;
      context_.contract().Enter(phase);
      const cluster_status status = call.make(host_);
      EXPECT_TRUE(status == CLUSTER_E_STATE || status == kNoResult)
          << call.name << " in state " << state << ": " << status;
      (void)call.make(host_);
      context_.contract().Enter(PluginPhase::kServing);
      const std::vector<std::string> logged = Logged();
      ASSERT_THAT(logged, SizeIs(1)) << call.name << " in state " << state;
      EXPECT_THAT(logged[0], HasSubstr(" " + call.name + ": called in state "));
    }
  }
  EXPECT_EQ(page_->completed, 0u);
  EXPECT_EQ(page_->heartbeat_ns, 0u);
  EXPECT_EQ(watch_, nullptr);
  EXPECT_EQ(timer_, nullptr);
  EXPECT_EQ(made_, nullptr);
}

// Those that can be called without a resource of theirs.
TEST_F(ContractOfServicesTest, NoAllowedStateIsRefused) {
  const std::set<std::string> names = {"on_message",
                                       "send",
                                       "request",
                                       "reply",
                                       "listen",
                                       "socket",
                                       "take_over",
                                       "take",
                                       "pause",
                                       "resume"};
  for (const Call& call : calls_) {
    if (!names.contains(call.name)) continue;
    for (const auto& [state, phase] : kStates) {
      if ((call.states & state) == 0) continue;
      context_.contract().Enter(phase);
      // It may still be refused for its arguments.
      EXPECT_NE(call.make(host_), CLUSTER_E_STATE)
          << call.name << " in state " << state;
    }
  }
}

TEST_F(ContractOfServicesTest, WrongThreadIsRefusedAndLoggedOnce) {
  for (const Call& call : calls_) {
    if (!call.on_loop_thread) continue;
    std::thread([&] {
      const cluster_status status = call.make(host_);
      EXPECT_TRUE(status == CLUSTER_E_THREAD || status == kNoResult)
          << call.name << " " << status;
      (void)call.make(host_);
    }).join();
    const std::vector<std::string> logged = Logged();
    ASSERT_THAT(logged, SizeIs(1)) << call.name;
    EXPECT_THAT(logged[0],
                HasSubstr(" " + call.name + ": called on another thread"));
  }
}

TEST_F(ContractOfServicesTest, HostThatIsNullIsRefused) {
  for (const Call& call : calls_) {
    const cluster_status status = call.make(nullptr);
    EXPECT_TRUE(status == CLUSTER_E_INVALID || status == kNoResult)
        << call.name << " " << status;
    ASSERT_THAT(Logged(), SizeIs(1)) << call.name;
  }
  EXPECT_EQ(host_->get_service(nullptr, CLUSTER_SERVICE_LOG_V1), nullptr);
  EXPECT_EQ(host_->get_service(host_, nullptr), nullptr);
}

TEST_F(ContractOfServicesTest, HandlesThatAreNullAreRefused) {
  EXPECT_EQ(loop_table_.modify(host_, nullptr, 0), CLUSTER_E_INVALID);
  loop_table_.unwatch(host_, nullptr);
  loop_table_.cancel_timer(host_, nullptr);
  EXPECT_EQ(loop_table_.post(host_, nullptr, nullptr), CLUSTER_E_INVALID);
  EXPECT_EQ(loop_table_.start_timer(host_, 0, nullptr, nullptr, &timer_),
            CLUSTER_E_INVALID);
  EXPECT_EQ(loop_table_.start_timer(host_, 0, &Never, nullptr, nullptr),
            CLUSTER_E_INVALID);
  EXPECT_EQ(loop_table_.watch(host_, 0, 0, nullptr, nullptr, &watch_),
            CLUSTER_E_INVALID);
  EXPECT_EQ(loop_table_.watch(host_, 0, 0, &NeverReady, nullptr, nullptr),
            CLUSTER_E_INVALID);
  EXPECT_EQ(config_.get(host_, nullptr).data, nullptr);
  config_.entry(host_, 0, nullptr, &value_);
  EXPECT_EQ(connection_.local_address(host_, 0, nullptr), CLUSTER_E_INVALID);
  log_.write(host_, CLUSTER_LOG_INFO, {nullptr, 7});
  metric_.add(nullptr, 1);
  metric_.set(nullptr, 1);
  metric_.observe(nullptr, 1);
  EXPECT_THAT(Logged(), SizeIs(15));
}

}  // namespace
}  // namespace cluster
