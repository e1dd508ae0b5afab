#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "tools/policy_lab/arrivals/closed_workload.h"
#include "tools/policy_lab/arrivals/open_workload.h"
#include "tools/policy_lab/arrivals/poisson.h"
#include "tools/policy_lab/arrivals/request_source.h"
#include "tools/policy_lab/service/exponential.h"
#include "tools/policy_lab/sim_time.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {
namespace {

RequestShape Shape() { return {.service = std::make_shared<Exponential>()}; }

OpenWorkload Open(uint64_t count, double gap_ns, uint64_t seed = 1) {
  return OpenWorkload(
      std::make_unique<Poisson>(), gap_ns, count, Shape(), seed);
}

TEST(OpenWorkloadTest, EndsAfterItsCount) {
  OpenWorkload workload = Open(3, 100);
  int64_t last_ns = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_NE(workload.next_ns(), kNever);
    EXPECT_GE(workload.next_ns(), last_ns);
    last_ns = workload.next_ns();
    EXPECT_GT(workload.Take().work_ns, 0);
  }
  EXPECT_EQ(workload.next_ns(), kNever);
}

TEST(OpenWorkloadTest, GapsBelowANanosecondKeepTheirMean) {
  constexpr int kCount = 1'000'000;
  OpenWorkload workload = Open(kCount, 0.25);
  int64_t last_ns = 0;
  for (int i = 0; i < kCount; ++i) {
    last_ns = workload.next_ns();
    workload.Take();
  }
  EXPECT_NEAR(static_cast<double>(last_ns), 0.25 * kCount, 1000);
}

TEST(OpenWorkloadTest, SeedsMakeTheSameOrAnother) {
  OpenWorkload one = Open(10, 1000, 7);
  OpenWorkload same = Open(10, 1000, 7);
  OpenWorkload other = Open(10, 1000, 8);
  EXPECT_EQ(one.next_ns(), same.next_ns());
  EXPECT_NE(one.next_ns(), other.next_ns());
  EXPECT_EQ(one.Take().work_ns, same.Take().work_ns);
}

TEST(RequestSourceTest, RequestsAreGeometric) {
  RequestShape shape = Shape();
  shape.requests = 5;
  shape.think_ns = 100;
  RequestSource source(shape, 3);
  double requests = 0;
  int single = 0;
  constexpr int kConnections = 200'000;
  for (int i = 0; i < kConnections; ++i) {
    const Demand demand = source.Draw();
    requests += demand.requests;
    single += demand.requests == 1 ? 1 : 0;
  }
  EXPECT_NEAR(requests / kConnections, 5, 0.05);
  EXPECT_NEAR(static_cast<double>(single) / kConnections, 0.2, 0.005);
}

TEST(RequestSourceTest, ConnectionKeepsItsRequestsWhateverElseIsDrawn) {
  RequestShape shape = Shape();
  shape.requests = 5;
  shape.think_ns = 100;
  RequestSource source(shape, 3);
  const uint64_t seed = source.Draw().seed;
  const FollowingRequest before = source.Next(seed, 2);
  source.Draw();
  source.Next(seed, 1);
  const FollowingRequest after = source.Next(seed, 2);
  EXPECT_EQ(before.work_ns, after.work_ns);
  EXPECT_EQ(before.think_ns, after.think_ns);
}

TEST(ClosedWorkloadTest, AClientComesAgainOnlyAfterItsEnd) {
  ClosedWorkload workload(2, 50, 100, Shape(), 1);
  const int64_t first_ns = workload.next_ns();
  workload.Take();
  workload.Take();
  EXPECT_EQ(workload.next_ns(), kNever);
  workload.OnEnded(first_ns + 1000);
  EXPECT_GT(workload.next_ns(), first_ns + 1000);
  EXPECT_NE(workload.next_ns(), kNever);
}

TEST(ClosedWorkloadTest, EndsAfterItsCount) {
  ClosedWorkload workload(5, 0, 2, Shape(), 1);
  EXPECT_EQ(workload.next_ns(), 0);
  workload.Take();
  workload.Take();
  workload.OnEnded(10);
  EXPECT_EQ(workload.next_ns(), kNever);
}

}  // namespace
}  // namespace cluster::lab
