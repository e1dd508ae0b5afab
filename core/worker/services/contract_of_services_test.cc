// Every function of every service, called wherever its tag in the headers of
// the ABI forbids it, and wherever it allows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/control/messages.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/contract.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/service_calls.h"

namespace cluster {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

using Call = ServiceCalls::Call;
constexpr cluster_status kNoResult = ServiceCalls::kNoResult;

class ContractOfServicesTest : public ServiceFixture {
 protected:
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

  const cluster_embedding_v1& embedding_ =
      *Find<cluster_embedding_v1>(CLUSTER_SERVICE_EMBEDDING_V1);
  ServiceCalls service_calls_{host_};
  const std::vector<Call> calls_ = service_calls_.all();
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
  for (const auto& [name, tag] : ServiceCalls::AbiTags())
    in_headers.insert(name);
  std::set<std::string> called;
  for (const Call& call : calls_) called.insert(call.name);
  EXPECT_EQ(called, in_headers);
}

// What a tag adds to thread and states has a test of its own, which is named
// here: no other function may add anything.
TEST_F(ContractOfServicesTest, RemarksOfTagsAreEnforced) {
  for (const auto& [name, tag] : ServiceCalls::AbiTags()) {
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
  EXPECT_EQ(service_calls_.watch, nullptr);
  EXPECT_EQ(service_calls_.timer, nullptr);
  EXPECT_EQ(service_calls_.made, nullptr);
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

TEST_F(ContractOfServicesTest, NonsenseIsRefusedAndLogged) {
  std::set<std::string> logged;  // functions: each kind of nonsense once
  for (const Call& call : service_calls_.nonsense()) {
    const cluster_status status = call.make(host_);
    EXPECT_TRUE(status == CLUSTER_E_INVALID || status == kNoResult)
        << call.name << " " << status;
    for (const std::string& line : Logged()) {
      EXPECT_THAT(line, HasSubstr(call.name + ": "));
      logged.insert(call.name);
    }
    EXPECT_TRUE(logged.contains(call.name)) << call.name;
  }
}

}  // namespace
}  // namespace cluster
