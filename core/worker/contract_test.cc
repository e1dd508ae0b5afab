#include "core/worker/contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr CallRule kPost = {
    "cluster.loop/1", "post", kAnyThread, kCreatedToDraining};
constexpr CallRule kWatch = {
    "cluster.loop/1", "watch", kLoopThread, kCreatedToStopped};
constexpr CallRule kTake = {
    "cluster.acceptor/1", "take", kLoopThread, kStartedToDraining};

class ContractTest : public ::testing::Test {
 protected:
  std::vector<std::string> logged_;
  Contract contract_{
      [this](std::string text) { logged_.push_back(std::move(text)); }};
  cluster_host host_ = {};
};

TEST_F(ContractTest, CallsAreAllowedWhereTheRuleSaysSo) {
  const struct {
    PluginPhase phase;
    bool post, watch, take;
  } kTable[] = {{PluginPhase::kLoading, false, false, false},
                {PluginPhase::kCreating, true, true, false},
                {PluginPhase::kStarting, true, true, false},
                {PluginPhase::kServing, true, true, true},
                {PluginPhase::kConnection, true, true, true},
                {PluginPhase::kDraining, true, true, true},
                {PluginPhase::kConnection, true, true, true},
                {PluginPhase::kStopping, false, true, false},
                {PluginPhase::kDestroying, false, true, false},
                {PluginPhase::kNone, false, false, false}};
  for (const auto& row : kTable) {
    contract_.Enter(row.phase);
    const auto words = DescribePhase(static_cast<uint32_t>(row.phase), "x");
    EXPECT_EQ(Contract::Check(&host_, kPost) == CLUSTER_OK, row.post) << words;
    EXPECT_EQ(Contract::Check(&host_, kWatch) == CLUSTER_OK, row.watch)
        << words;
    EXPECT_EQ(Contract::Check(kTake) == CLUSTER_OK, row.take) << words;
  }
}

TEST_F(ContractTest, WrongStateIsLoggedOnceAndNamesPluginFunctionAndRule) {
  contract_.set_plugin_name("greeter");
  contract_.Enter(PluginPhase::kCreating);
  EXPECT_EQ(Contract::Check(&host_, kTake), CLUSTER_E_STATE);
  EXPECT_EQ(Contract::Check(&host_, kTake), CLUSTER_E_STATE);
  EXPECT_THAT(logged_,
              ElementsAre("greeter: cluster.acceptor/1 take: called in state "
                          "created, where [loop-thread & started, draining] is "
                          "the rule"));
}

TEST_F(ContractTest, OtherThreadsCannotKnowThatStopHasBegun) {
  const auto post_elsewhere = [&] {
    std::thread([&] {
      EXPECT_EQ(Contract::Check(&host_, kPost), CLUSTER_E_STATE);
    }).join();
  };
  contract_.Enter(PluginPhase::kStopping);
  post_elsewhere();
  EXPECT_THAT(logged_, IsEmpty());
  EXPECT_EQ(Contract::Check(&host_, kPost), CLUSTER_E_STATE);
  EXPECT_EQ(logged_.size(), 1u) << "the loop's thread can";
}

TEST_F(ContractTest, ThreadThatOutlivesStopBreaksTheContract) {
  contract_.Enter(PluginPhase::kStopping);
  contract_.Enter(PluginPhase::kDestroying);
  std::thread([&] {
    EXPECT_EQ(Contract::Check(&host_, kPost), CLUSTER_E_STATE);
  }).join();
  EXPECT_EQ(logged_.size(), 1u);
}

TEST_F(ContractTest, WrongThreadIsRefusedThereAlone) {
  contract_.Enter(PluginPhase::kServing);
  std::thread([&] {
    EXPECT_FALSE(Contract::on_loop_thread());
    EXPECT_EQ(Contract::Check(&host_, kPost), CLUSTER_OK);
    EXPECT_EQ(Contract::Check(&host_, kWatch), CLUSTER_E_THREAD);
  }).join();
  EXPECT_TRUE(Contract::on_loop_thread());
  EXPECT_EQ(Contract::Check(&host_, kWatch), CLUSTER_OK);
  EXPECT_THAT(logged_,
              ElementsAre("the plugin: cluster.loop/1 watch: called on another "
                          "thread, where [loop-thread & created to stopped] is "
                          "the rule"));
}

TEST_F(ContractTest, HostThatIsNullIsInvalid) {
  contract_.Enter(PluginPhase::kServing);
  EXPECT_EQ(Contract::Check(nullptr, kPost), CLUSTER_E_INVALID);
  EXPECT_EQ(Contract::Refuse(kPost, "run is NULL"), CLUSTER_E_INVALID);
  EXPECT_THAT(logged_,
              ElementsAre("the plugin: cluster.loop/1 post: its host is NULL",
                          "the plugin: cluster.loop/1 post: run is NULL"));
}

TEST_F(ContractTest, PhaseIsShownInTheSharedWord) {
  std::atomic<uint32_t> word{0};
  contract_.set_phase_word(&word);
  contract_.Enter(PluginPhase::kServing);
  const PluginPhase before = contract_.Enter(PluginPhase::kConnection);
  EXPECT_EQ(word.load(), static_cast<uint32_t>(PluginPhase::kConnection));
  contract_.Enter(before);
  EXPECT_EQ(word.load(), static_cast<uint32_t>(PluginPhase::kServing));
  EXPECT_THAT(logged_, IsEmpty());
}

TEST_F(ContractTest, ManyThreadsAreReportedOnce) {
  contract_.Enter(PluginPhase::kServing);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) (void)Contract::Check(&host_, kWatch);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(logged_.size(), 1u);
}

}  // namespace
}  // namespace cluster
