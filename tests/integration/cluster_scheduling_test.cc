// A program changes how its workers are scheduled while they serve, by the
// library, and no connection is lost by it.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/cluster.h"
#include "core/primary/primary.h"
#include "core/primary/primary_options.h"
#include "core/primary/workers/replacement.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "scheduler/registry.h"
#include "tests/integration/client_set.h"
#include "tests/integration/steady_load.h"

namespace cluster {
namespace {

using Shares = std::map<std::string, size_t>;

// Two workers that say who they are. Tests run beside the cluster's thread and
// ask there for what they want.
class ClusterSchedulingTest : public ::testing::Test {
 protected:
  void Start() {
    cluster_.on(events::listening, [this](Worker&, const Address& address) {
      port_ = address.port;
      listening_.release();
    });
    PrimaryOptions options;
    options.sockets.push_back(
        *OpenListener(*ParseListenAddress("127.0.0.1:0"), {}));
    const std::string plugin =
        std::filesystem::absolute("tests/plugins/puppet.so");
    file_.Reset(open(plugin.c_str(), O_RDONLY | O_CLOEXEC));
    ReplacementOptions& replacement = options.replacement.emplace();
    replacement.workers = 2;
    replacement.shortest_life = absl::ZeroDuration();
    replacement.program.plugin_path = plugin;
    replacement.program.plugin_file = file_.get();
    // A worker that drains answers what its clients have yet to ask.
    replacement.program.config = {{"drain", "ignore"}};
    const absl::Status started = cluster_.start(std::move(options));
    ASSERT_TRUE(started.ok()) << started;
    first_ = cluster_.workers().at(1);
    second_ = cluster_.workers().at(2);
    loop_ = std::thread([this] { exit_code_ = cluster_.run(); });
    for (int worker = 0; worker < 2; ++worker) ASSERT_TRUE(AwaitListening());
  }

  // What `ask` returns on the cluster's thread.
  template <class Ask>
  absl::Status On(Ask ask) {
    std::promise<absl::Status> done;
    boost::asio::post(io_, [&] { done.set_value(ask()); });
    return done.get_future().get();
  }

  Shares SharesOf(size_t count) {
    const ClientSet clients =
        RunLoad({.port = port_, .request = "who\n"}, count, 1);
    EXPECT_EQ(clients.count(End::kAnswered), count);
    return clients.answers();
  }

  void EndCleanly() {
    EXPECT_TRUE(On([&] {
                  const Ledger ledger = cluster_.engine().Snapshot().ledger;
                  EXPECT_EQ(ledger.lost(), 0u);
                  EXPECT_EQ(ledger.refused(), 0u);
                  EXPECT_EQ(ledger.expired(), 0u);
                  cluster_.engine().Drain();
                  return absl::OkStatus();
                }).ok());
    loop_.join();
    EXPECT_EQ(exit_code_, 0);
  }

  bool AwaitListening() {
    return listening_.try_acquire_for(std::chrono::seconds(60));
  }

  UniqueFd file_;
  boost::asio::io_context io_{1};
  Cluster cluster_{0, nullptr, {.io = &io_}};
  std::shared_ptr<Worker> first_;
  std::shared_ptr<Worker> second_;
  std::thread loop_;
  std::counting_semaphore<> listening_{0};  // a worker does
  std::atomic<uint16_t> port_ = 0;
  int exit_code_ = -1;
};

TEST_F(ClusterSchedulingTest, AllChangesWhileConnectionsFlow) {
  Start();
  {
    const SteadyLoad load(port_);
    for (uint32_t round = 1; round <= 50; ++round) {
      for (const absl::string_view name : PolicyNames()) {
        const std::string policy(name);
        EXPECT_TRUE(On([&] { return cluster_.set_policy(policy); }).ok());
        EXPECT_EQ(cluster_.scheduling_policy(), policy);
        if (policy == "round_robin") continue;
        // One that ignores weights goes with equal ones alone.
        for (const uint32_t weight : {round + 1, 1u}) {
          EXPECT_TRUE(On([&] { return first_->set_weight(weight); }).ok());
        }
      }
      EXPECT_TRUE(On([&] { return second_->pause(); }).ok());
      EXPECT_TRUE(On([&] { return second_->resume(); }).ok());
    }
  }
  EndCleanly();
}

TEST_F(ClusterSchedulingTest, WorkersDrainWhileConnectionsFlow) {
  Start();
  {
    const SteadyLoad load(port_);
    for (int drain = 0; drain < 10; ++drain) {
      EXPECT_TRUE(On([&] {
                    cluster_.workers().begin()->second->disconnect();
                    return absl::OkStatus();
                  }).ok());
      ASSERT_TRUE(AwaitListening());
    }
  }
  EndCleanly();
}

TEST_F(ClusterSchedulingTest, NextConnectionsGoByWhatWasSet) {
  Start();
  EXPECT_EQ(SharesOf(40), (Shares{{"1\n", 20}, {"2\n", 20}}));
  const auto weighted = [&] {
    return cluster_.set_policy("smooth_weighted_round_robin");
  };
  EXPECT_TRUE(On(weighted).ok());
  EXPECT_TRUE(On([&] { return first_->set_weight(3); }).ok());
  EXPECT_EQ(SharesOf(40), (Shares{{"1\n", 30}, {"2\n", 10}}));
  EXPECT_TRUE(On([&] { return first_->pause(); }).ok());
  EXPECT_EQ(SharesOf(20), (Shares{{"2\n", 20}}));
  EXPECT_TRUE(On([&] { return first_->resume(); }).ok());
  EXPECT_EQ(SharesOf(40)["1\n"], 30u);
  EndCleanly();
}

TEST_F(ClusterSchedulingTest, WhatCannotBeIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(cluster_.set_policy("least_conn")));
  Start();
  const absl::Status unknown =
      On([&] { return cluster_.set_policy("least_conn"); });
  EXPECT_TRUE(absl::StrContains(unknown.message(), "least_connections"));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      On([&] { return cluster_.set_policy(kSchedNone); })));
  EXPECT_EQ(cluster_.scheduling_policy(), kSchedRr);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      On([&] { return first_->set_weight(2); })));  // rr ignores weights
  EXPECT_TRUE(
      On([&] { return cluster_.set_policy("least_connections"); }).ok());
  for (const uint32_t weight : {0u, 65'537u}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        On([&] { return first_->set_weight(weight); })));
  }
  EXPECT_TRUE(On([&] { return first_->set_weight(3); }).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      On([&] { return cluster_.set_policy(kSchedRr); })));
  EXPECT_EQ(cluster_.scheduling_policy(), "least_connections");
  EndCleanly();
  EXPECT_TRUE(absl::IsNotFound(first_->set_weight(2)));
  EXPECT_TRUE(absl::IsNotFound(first_->pause()));
}

// Its place is kept for the next fork, its weight is nobody's.
TEST(ClusterForkSchedulingTest, WeightOfAWorkerThatIsGoneIsNoMatter) {
  Cluster cluster{0, nullptr};
  const std::string plugin =
      std::filesystem::absolute("tests/plugins/puppet.so");
  ASSERT_TRUE(cluster.set_policy("least_connections").ok());
  const std::shared_ptr<Worker> first =
      cluster.fork({.settings = {.plugin = plugin}});
  const std::shared_ptr<Worker> second =
      cluster.fork({.settings = {.plugin = plugin}});
  ASSERT_TRUE(first->status().ok()) << first->status();
  EXPECT_TRUE(first->set_weight(3).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(cluster.set_policy(kSchedRr)));
  first->on(events::exit, [&](int, int) {
    const absl::Status status = cluster.set_policy(kSchedRr);
    EXPECT_TRUE(status.ok()) << status;
    second->disconnect();
  });
  first->disconnect();
  EXPECT_EQ(cluster.run(), 0);
  EXPECT_EQ(cluster.scheduling_policy(), kSchedRr);
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  cluster::run_if_plugin_worker();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
