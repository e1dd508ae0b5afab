// Weights on the data path `steer`: the kernel picks by them, also by those
// that an operator gives while the host runs.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/statusor.h"
#include "core/admin/admin_client.h"
#include "core/admin/admin_messages.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

// A worker that gets no CPU for 40 ms is steered past for a while: a run in
// which the primary took connections itself says nothing about shares if they
// are off, and is repeated.
constexpr int kAttempts = 10;
constexpr size_t kClients = 12'000;
constexpr double kTolerance = 0.02;  // five standard deviations

class SteerWeightTest : public testing::Test {
 protected:
  SteerWeightTest() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~SteerWeightTest() override { std::filesystem::remove_all(folder_); }

  std::string socket() const { return folder_ + "/admin"; }
  std::string metrics() const { return folder_ + "/metrics"; }

  // Worker 1's part of the connections of many clients.
  static double ShareOfFirst(HostProcess& host) {
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, kClients, 8);
    EXPECT_EQ(clients.count(End::kAnswered), kClients);
    return static_cast<double>(clients.answers()["1\n"]) / kClients;
  }

  // The weight that the host then says that the worker has.
  uint32_t SetWeight(uint32_t worker, uint32_t weight) const {
    const absl::StatusOr<AdminReply> reply =
        AskHost(socket(),
                {.action = AdminAction::kSetWeight,
                 .worker = worker,
                 .number = weight});
    EXPECT_TRUE(reply.ok()) << reply.status();
    if (!reply.ok()) return 0;
    EXPECT_EQ(reply->error, "");
    return reply->status.workers[worker - 1].weight;
  }

  // Whether the primary handed nothing off. REQUIRES: the host has ended.
  bool KernelPickedAll() const {
    std::ifstream file(metrics());
    for (std::string line; std::getline(file, line);) {
      if (line == "cluster_handoffs_total 0") return true;
    }
    return false;
  }

 private:
  std::string folder_ = "/tmp/steer-weight-test-XXXXXX";
};

TEST_F(SteerWeightTest, SharesFollowTheWeightsAlsoWhenTheyChange) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    HostProcess host({TestPlugin("puppet"),
                      "--data_path=steer",
                      "--workers=2",
                      "--weights=3,1",
                      "--admin=" + socket(),
                      "--metrics_file=" + metrics()});
    ASSERT_TRUE(host.AwaitServing(2));
    const double before = ShareOfFirst(host);
    EXPECT_EQ(SetWeight(1, 1), 1u);
    EXPECT_EQ(SetWeight(2, 3), 3u);
    const double after = ShareOfFirst(host);
    const Books books = host.EndCleanly();
    EXPECT_EQ(books.lost + books.refused + books.expired, 0u);
    const bool right = std::abs(before - 0.75) <= kTolerance &&
                       std::abs(after - 0.25) <= kTolerance;
    if (right) return;
    ASSERT_FALSE(KernelPickedAll())
        << "shares of " << before << " and then " << after;
  }
  FAIL() << "never were the shares right";
}

}  // namespace
}  // namespace cluster
