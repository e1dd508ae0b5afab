// Every function of every service, called wherever its tag in the headers of
// the ABI forbids it, and wherever it allows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/control/messages.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/contract.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/abi_tags.h"

namespace cluster {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
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
    std::string name;  // as AbiTags() has it
    std::function<cluster_status(const cluster_host*)> make;
    AbiTag tag() const { return AbiTags().at(name); }
  };

  // For functions without a result.
  static std::function<cluster_status(const cluster_host*)> Void(
      std::function<void(const cluster_host*)> call) {
    return [call](const cluster_host* host) {
      call(host);
      return kNoResult;
    };
  }

  // For functions whose result says whether they were refused.
  static std::function<cluster_status(const cluster_host*)> Value(
      std::function<bool(const cluster_host*)> call) {
    return [call](const cluster_host* host) {
      return call(host) ? CLUSTER_OK : kNoResult;
    };
  }

  // The tags in the headers, by what the contract calls the functions: such as
  // "cluster.loop/1 watch".
  static const std::map<std::string, AbiTag>& AbiTags() {
    static const auto* const tags = new auto(ReadTags());
    return *tags;
  }

  static std::map<std::string, AbiTag> ReadTags() {
    std::map<std::string, AbiTag> tags;
    for (const AbiFunction& function : ReadAllAbiFunctions()) {
      std::smatch table;
      static const std::regex kTable(R"(cluster_(\w+)_v(\d+))");
      const bool service = std::regex_match(function.table, table, kTable);
      if (!service && function.table != "cluster_host") continue;
      const std::string name =
          service
              ? absl::StrCat("cluster.", table[1].str(), "/", table[2].str())
              : function.table;
      tags[absl::StrCat(name, " ", function.name)] =
          ParseAbiTag(function.tag).value_or(AbiTag());
    }
    return tags;
  }

  // Calls where it is allowed, from this thread or another; expects that
  // neither the thread nor the state is a breach. It may still be refused for
  // its arguments.
  void ExpectAllowed(const Call& call, bool on_other_thread) {
    cluster_status status = CLUSTER_OK;
    const auto make = [&] { status = call.make(host_); };
    if (on_other_thread) {
      std::thread(make).join();
    } else {
      make();
    }
    EXPECT_NE(status, CLUSTER_E_STATE) << call.name;
    EXPECT_NE(status, CLUSTER_E_THREAD) << call.name;
    // What these have queued must not run.
    static const std::set<std::string> kQueue = {
        CLUSTER_SERVICE_LOOP_V1 " post",
        CLUSTER_SERVICE_LOOP_V1 " start_timer"};
    if (kQueue.contains(call.name)) return;
    EXPECT_THAT(Logged(), Each(Not(HasSubstr(": called ")))) << call.name;
  }

  // The breaches.
  std::vector<std::string> Logged() {
    loop_->Dispatch();
    std::vector<std::string> lines;
    for (const auto& [type, payload] : Sent()) {
      if (type != FrameType::kLog) continue;
      const LogLine line = *Decode<LogLine>(payload);
      if (line.level != CLUSTER_LOG_PLUGIN_MISBEHAVING) continue;
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

  // None succeeds in making something, but those at the end: what they queue is
  // not run.
  const std::vector<Call> calls_ = {
      {"cluster_host get_service", Value([this](auto* host) {
         return host_->get_service(host, CLUSTER_SERVICE_LOG_V1) != nullptr;
       })},
      {CLUSTER_SERVICE_LOOP_V1 " watch",
       [this](auto* host) {
         return loop_table_.watch(
             host, -1, CLUSTER_READABLE, &NeverReady, nullptr, &watch_);
       }},
      {CLUSTER_SERVICE_LOOP_V1 " modify",
       [this](auto* host) { return loop_table_.modify(host, watch_, 0); }},
      {CLUSTER_SERVICE_LOOP_V1 " unwatch",
       Void([this](auto* host) { loop_table_.unwatch(host, watch_); })},
      {CLUSTER_SERVICE_LOOP_V1 " cancel_timer",
       Void([this](auto* host) { loop_table_.cancel_timer(host, timer_); })},
      {CLUSTER_SERVICE_EMBEDDING_V1 " pollable",
       Value([this](auto* host) { return embedding_.pollable(host) != -1; })},
      {CLUSTER_SERVICE_EMBEDDING_V1 " dispatch",
       [this](auto* host) { return embedding_.dispatch(host); }},
      {CLUSTER_SERVICE_CONNECTION_V1 " close",
       Void([this](auto* host) { connection_.close(host, 0, 1); })},
      {CLUSTER_SERVICE_CONNECTION_V1 " closed",
       Void([this](auto* host) { connection_.closed(host, 1); })},
      {CLUSTER_SERVICE_CONNECTION_V1 " local_address",
       [this](auto* host) {
         return connection_.local_address(host, 0, &address_);
       }},
      {CLUSTER_SERVICE_CONNECTION_V1 " requests",
       Void([this](auto* host) { connection_.requests(host, 1, 1); })},
      {CLUSTER_SERVICE_CONNECTION_V1 " bytes",
       Void([this](auto* host) { connection_.bytes(host, 1, 1, 1); })},
      {CLUSTER_SERVICE_CONFIG_V1 " get",
       Void([this](auto* host) { config_.get(host, "key"); })},
      {CLUSTER_SERVICE_CONFIG_V1 " entry",
       Void([this](auto* host) { config_.entry(host, 0, &key_, &value_); })},
      {CLUSTER_SERVICE_CONFIG_V1 " argument", Value([this](auto* host) {
         return config_.argument(host, 0).data != nullptr;
       })},
      {CLUSTER_SERVICE_CONFIG_V1 " worker_id",
       Value([this](auto* host) { return config_.worker_id(host) != 0u; })},
      {CLUSTER_SERVICE_CONFIG_V1 " worker_count",
       Value([this](auto* host) { return config_.worker_count(host) != 0u; })},
      {CLUSTER_SERVICE_CONFIG_V1 " slot",
       Value([this](auto* host) { return config_.slot(host) != 0u; })},
      {CLUSTER_SERVICE_CONFIG_V1 " generation",
       Value([this](auto* host) { return config_.generation(host) != 0u; })},
      {CLUSTER_SERVICE_LOG_V1 " write",
       Void([this](auto* host) { log_.write(host, 0, {"x", 1}); })},
      {CLUSTER_SERVICE_METRIC_V1 " counter",
       [this](auto* host) {
         return metric_.counter(host, "a_total", "", &made_);
       }},
      {CLUSTER_SERVICE_METRIC_V1 " gauge",
       [this](auto* host) { return metric_.gauge(host, "a", "", &made_); }},
      {CLUSTER_SERVICE_METRIC_V1 " histogram",
       [this](auto* host) {
         const double bound = 1;
         return metric_.histogram(host, "h", "", &bound, 1, &made_);
       }},
      // These get no host: there it is the NULL metric that is refused.
      {CLUSTER_SERVICE_METRIC_V1 " add",
       Void([this](auto*) { metric_.add(made_, 1); })},
      {CLUSTER_SERVICE_METRIC_V1 " set",
       Void([this](auto*) { metric_.set(made_, 1); })},
      {CLUSTER_SERVICE_METRIC_V1 " observe",
       Void([this](auto*) { metric_.observe(made_, 1); })},
      {CLUSTER_SERVICE_HEALTH_V1 " ready",
       [this](auto* host) { return health_.ready(host); }},
      {CLUSTER_SERVICE_HEALTH_V1 " not_ready",
       [this](auto* host) { return health_.not_ready(host, {"x", 1}); }},
      {CLUSTER_SERVICE_HEALTH_V1 " heartbeat",
       Void([this](auto* host) { health_.heartbeat(host); })},
      {CLUSTER_SERVICE_MESSAGE_V1 " on_message",
       [this](auto* host) {
         return message_.on_message(host, &NeverMessage, nullptr);
       }},
      {CLUSTER_SERVICE_MESSAGE_V1 " send",
       [this](auto* host) { return message_.send(host, &outgoing_); }},
      {CLUSTER_SERVICE_MESSAGE_V1 " request",
       [this](auto* host) {
         return message_.request(host, &outgoing_, 1, &NeverReply, nullptr);
       }},
      {CLUSTER_SERVICE_MESSAGE_V1 " reply",
       [this](auto* host) { return message_.reply(host, 1, &outgoing_); }},
      {CLUSTER_SERVICE_LISTENER_V1 " count",
       Value([this](auto* host) { return listener_.count(host) != 0u; })},
      {CLUSTER_SERVICE_LISTENER_V1 " info",
       [this](auto* host) { return listener_.info(host, 0, &info_); }},
      {CLUSTER_SERVICE_LISTENER_V1 " listen",
       [this](auto* host) {
         return listener_.listen(
             host, {"x", 1}, nullptr, &NeverListening, nullptr);
       }},
      {CLUSTER_SERVICE_LISTENER_V1 " close",
       [this](auto* host) { return listener_.close(host, 0); }},
      {CLUSTER_SERVICE_DATAGRAM_V1 " socket",
       [this](auto* host) { return datagram_.socket(host, 0, &fd_); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " take_over",
       [this](auto* host) { return acceptor_.take_over(host, 0, &fd_); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " take",
       [this](auto* host) {
         return acceptor_.take(host, 0, &connections_, 1, &taken_);
       }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " pause",
       [this](auto* host) { return acceptor_.pause(host, 0); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " resume",
       [this](auto* host) { return acceptor_.resume(host, 0); }},
      {CLUSTER_SERVICE_THREAD_CHECK_V1 " is_loop_thread",
       Value([this](auto* host) { return thread_.is_loop_thread(host) != 0; })},
      {CLUSTER_SERVICE_LOOP_V1 " start_timer",
       [this](auto* host) {
         return loop_table_.start_timer(host, 0, &Never, nullptr, &timer_);
       }},
      {CLUSTER_SERVICE_LOOP_V1 " post",
       [this](auto* host) { return loop_table_.post(host, &Never, nullptr); }},
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

TEST_F(ContractOfServicesTest, IsAboutEachFunctionInTheHeaders) {
  std::set<std::string> in_headers;
  for (const auto& [name, tag] : AbiTags()) in_headers.insert(name);
  std::set<std::string> called;
  for (const Call& call : calls_) called.insert(call.name);
  EXPECT_EQ(called, in_headers);
}

// What a tag adds to thread and states has a test of its own, which is named
// here: no other function may add anything.
TEST_F(ContractOfServicesTest, RemarksOfTagsAreEnforced) {
  for (const auto& [name, tag] : AbiTags()) {
    if (tag.remark.empty()) continue;
    ASSERT_EQ(name, CLUSTER_SERVICE_EMBEDDING_V1 " dispatch");
    ASSERT_EQ(tag.remark, "only from inside run");
  }
  // Runtime knows who calls (RuntimeTest.RoundWithinARoundIsRefused).
  dispatch_says_ = CLUSTER_E_STATE;
  EXPECT_EQ(embedding_.dispatch(host_), CLUSTER_E_STATE);
  EXPECT_EQ(embedding_.dispatch(host_), CLUSTER_E_STATE);
  const std::vector<std::string> logged = Logged();
  ASSERT_THAT(logged, SizeIs(1));
  EXPECT_THAT(logged[0], HasSubstr("dispatch: called outside of run"));
}

TEST_F(ContractOfServicesTest, EachWrongStateIsRefusedAndLoggedOnce) {
  for (const auto& [state, phase] : kStates) {
    for (const Call& call : calls_) {
      if ((call.tag().states & state) != 0) continue;
      context_.contract().Enter(phase);
      const cluster_status status = call.make(host_);
      EXPECT_TRUE(status == CLUSTER_E_STATE || status == kNoResult)
          << call.name << " in state " << state << ": " << status;
      (void)call.make(host_);
      context_.contract().Enter(PluginPhase::kServing);
      const std::vector<std::string> logged = Logged();
      ASSERT_THAT(logged, SizeIs(1)) << call.name << " in state " << state;
      EXPECT_THAT(logged[0], HasSubstr(call.name + ": called in state "));
    }
  }
  EXPECT_EQ(page_->completed, 0u);
  EXPECT_EQ(page_->heartbeat_ns, 0u);
  EXPECT_EQ(watch_, nullptr);
  EXPECT_EQ(timer_, nullptr);
  EXPECT_EQ(made_, nullptr);
}

TEST_F(ContractOfServicesTest, NoAllowedStateIsRefused) {
  for (const Call& call : calls_) {
    for (const auto& [state, phase] : kStates) {
      if ((call.tag().states & state) == 0) continue;
      context_.contract().Enter(phase);
      ExpectAllowed(call, false);
    }
  }
}

TEST_F(ContractOfServicesTest, NoThreadIsRefusedWhereAnyIsAllowed) {
  for (const Call& call : calls_) {
    if (!call.tag().on_loop_thread) ExpectAllowed(call, true);
  }
}

TEST_F(ContractOfServicesTest, WrongThreadIsRefusedAndLoggedOnce) {
  for (const Call& call : calls_) {
    if (!call.tag().on_loop_thread) continue;
    std::thread([&] {
      const cluster_status status = call.make(host_);
      EXPECT_TRUE(status == CLUSTER_E_THREAD || status == kNoResult)
          << call.name << " " << status;
      (void)call.make(host_);
    }).join();
    const std::vector<std::string> logged = Logged();
    ASSERT_THAT(logged, SizeIs(1)) << call.name;
    EXPECT_THAT(logged[0], HasSubstr(call.name + ": called on another thread"));
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
