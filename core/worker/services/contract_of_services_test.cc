// Every function of every service, called where its tag forbids it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/control/messages.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
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
       [this](auto* host) {
         return loop_table_.watch(
             host, 0, CLUSTER_READABLE, &NeverReady, nullptr, &watch_);
       }},
      {"modify",
       true,
       [this](auto* host) { return loop_table_.modify(host, watch_, 0); }},
      {"unwatch", true, Void([this](auto* host) {
         loop_table_.unwatch(host, watch_);
       })},
      {"start_timer",
       true,
       [this](auto* host) {
         return loop_table_.start_timer(host, 0, &Never, nullptr, &timer_);
       }},
      {"cancel_timer", true, Void([this](auto* host) {
         loop_table_.cancel_timer(host, timer_);
       })},
      {"post",
       false,
       [this](auto* host) { return loop_table_.post(host, &Never, nullptr); }},
      {"pollable", true, Void([this](auto* host) {
         EXPECT_EQ(embedding_.pollable(host), -1);
       })},
      {"dispatch",
       true,
       [this](auto* host) { return embedding_.dispatch(host); }},
      {"close", true, Void([this](auto* host) {
         connection_.close(host, 0, 1);
       })},
      {"closed", false, Void([this](auto* host) {
         connection_.closed(host, 1);
       })},
      {"local_address",
       false,
       [this](auto* host) {
         return connection_.local_address(host, 0, &address_);
       }},
      {"requests", true, Void([this](auto* host) {
         connection_.requests(host, 1, 1);
       })},
      {"bytes", false, Void([this](auto* host) {
         connection_.bytes(host, 1, 1, 1);
       })},
      {"get", false, Void([this](auto* host) { config_.get(host, "key"); })},
      {"entry", false, Void([this](auto* host) {
         config_.entry(host, 0, &key_, &value_);
       })},
      {"argument", false, Void([this](auto* host) {
         EXPECT_EQ(config_.argument(host, 0).data, nullptr);
       })},
      {"worker_id", false, Void([this](auto* host) {
         EXPECT_EQ(config_.worker_id(host), 0u);
       })},
      {"worker_count", false, Void([this](auto* host) {
         EXPECT_EQ(config_.worker_count(host), 0u);
       })},
      {"write", false, Void([this](auto* host) {
         log_.write(host, 0, {"x", 1});
       })},
      {"counter",
       true,
       [this](auto* host) {
         return metric_.counter(host, "a_total", "", &made_);
       }},
      {"gauge",
       true,
       [this](auto* host) { return metric_.gauge(host, "a", "", &made_); }},
      {"histogram",
       true,
       [this](auto* host) {
         const double bound = 1;
         return metric_.histogram(host, "h", "", &bound, 1, &made_);
       }},
      {"ready", false, [this](auto* host) { return health_.ready(host); }},
      {"not_ready",
       false,
       [this](auto* host) { return health_.not_ready(host, {"x", 1}); }},
      {"heartbeat", false, Void([this](auto* host) {
         health_.heartbeat(host);
       })},
      {"on_message",
       true,
       [this](auto* host) {
         return message_.on_message(host, &NeverMessage, nullptr);
       }},
      {"send",
       true,
       [this](auto* host) { return message_.send(host, &outgoing_); }},
      {"request",
       true,
       [this](auto* host) {
         return message_.request(host, &outgoing_, 1, &NeverReply, nullptr);
       }},
      {"reply",
       true,
       [this](auto* host) { return message_.reply(host, 1, &outgoing_); }},
      {"count", true, Void([this](auto* host) {
         EXPECT_EQ(listener_.count(host), 0u);
       })},
      {"info",
       true,
       [this](auto* host) { return listener_.info(host, 0, &info_); }},
      {"listen",
       true,
       [this](auto* host) {
         return listener_.listen(
             host, {"x", 1}, nullptr, &NeverListening, nullptr);
       }},
      {"close", true, [this](auto* host) { return listener_.close(host, 0); }},
      {"socket",
       true,
       [this](auto* host) { return datagram_.socket(host, 0, &fd_); }},
      {"take_over",
       true,
       [this](auto* host) { return acceptor_.take_over(host, 0, &fd_); }},
      {"take",
       true,
       [this](auto* host) {
         return acceptor_.take(host, 0, &connections_, 1, &taken_);
       }},
      {"pause", true, [this](auto* host) { return acceptor_.pause(host, 0); }},
      {"resume",
       true,
       [this](auto* host) { return acceptor_.resume(host, 0); }},
      {"is_loop_thread", false, Void([this](auto* host) {
         EXPECT_EQ(thread_.is_loop_thread(host), 0);
       })},
  };
};

TEST_F(ContractOfServicesTest, WrongStateIsRefusedAndLoggedOnce) {
  for (const PluginPhase phase : {PluginPhase::kLoading, PluginPhase::kNone}) {
    for (const Call& call : calls_) {
      context_.contract().Enter(phase);
      const cluster_status status = call.make(host_);
      EXPECT_TRUE(status == CLUSTER_E_STATE || status == kNoResult)
          << call.name << " " << status;
      (void)call.make(host_);
      context_.contract().Enter(PluginPhase::kServing);
      const std::vector<std::string> logged = Logged();
      ASSERT_THAT(logged, SizeIs(1)) << call.name;
      EXPECT_THAT(logged[0], HasSubstr(" " + call.name + ": called in state "));
    }
  }
  EXPECT_EQ(page_->completed, 0u);
  EXPECT_EQ(page_->heartbeat_ns, 0u);
  EXPECT_EQ(watch_, nullptr);
}

TEST_F(ContractOfServicesTest, EachStateOfATagIsHeldTo) {
  struct Allowed {
    std::string name;
    std::vector<PluginPhase> phases;
  };
  const std::vector<PluginPhase> until_started = {PluginPhase::kStarting,
                                                  PluginPhase::kServing};
  const std::vector<PluginPhase> from_started = {PluginPhase::kServing,
                                                 PluginPhase::kDraining};
  const std::vector<PluginPhase> until_draining = {
      PluginPhase::kStarting, PluginPhase::kServing, PluginPhase::kDraining};
  for (const auto& [name, phases] :
       std::vector<Allowed>{{"on_message", until_started},
                            {"send", until_draining},
                            {"request", until_draining},
                            {"reply", until_draining},
                            {"listen", until_started},
                            {"socket", until_draining},
                            {"take_over", until_started},
                            {"take", from_started},
                            {"pause", until_draining},
                            {"resume", until_draining}}) {
    const auto call =
        std::find_if(calls_.begin(), calls_.end(), [&](const Call& c) {
          return c.name == name;
        });
    for (const PluginPhase phase : {PluginPhase::kStarting,
                                    PluginPhase::kServing,
                                    PluginPhase::kDraining,
                                    PluginPhase::kStopping}) {
      context_.contract().Enter(phase);
      const bool allowed =
          std::find(phases.begin(), phases.end(), phase) != phases.end();
      // What is allowed may still be refused for its arguments.
      EXPECT_EQ(call->make(host_) != CLUSTER_E_STATE, allowed)
          << name << " in phase " << static_cast<int>(phase);
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

TEST_F(ContractOfServicesTest, ConnectionThatIsNotOpenIsLeftAlone) {
  int pair[2];
  ASSERT_EQ(pipe(pair), 0);
  context_.open_connections().Opened(1, 0);
  connection_.closed(host_, 1);
  connection_.close(host_, pair[0], 1);
  connection_.close(host_, pair[0], 77);
  connection_.closed(host_, 1);
  connection_.requests(host_, 1, 5);
  EXPECT_EQ(page_->completed, 1u);
  EXPECT_EQ(page_->requests, 0);
  EXPECT_EQ(close(pair[0]), 0) << "it was not closed";
  close(pair[1]);
  EXPECT_THAT(Logged(), SizeIs(3));
}

TEST_F(ContractOfServicesTest, WhatIsAllowedIsNotLogged) {
  ASSERT_EQ(
      loop_table_.start_timer(host_, 1'000'000'000, &Never, nullptr, &timer_),
      CLUSTER_OK);
  loop_table_.cancel_timer(host_, timer_);
  context_.open_connections().Opened(1, 0);
  connection_.requests(host_, 1, 2);
  connection_.bytes(host_, 1, 10, 20);
  EXPECT_EQ(page_->requests, 2);
  EXPECT_EQ(page_->bytes_received, 10u);
  EXPECT_EQ(page_->bytes_sent, 20u);
  connection_.closed(host_, 1);
  EXPECT_EQ(page_->requests, 0);
  EXPECT_THAT(Logged(), IsEmpty());
}

}  // namespace
}  // namespace cluster
