// Rows B093 to B097: which workers share a port that the kernel chose.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

using PortZeroTest = ListeningTest;

TEST_F(PortZeroTest, B093_AllWorkersGetTheSameFreePort) {
  std::set<int> ports;
  for (const auto& worker : Start(3)) ports.insert(Listen(worker, "listen a"));
  EXPECT_EQ(ports.size(), 1u);
  EXPECT_GT(*ports.begin(), 0);
}

TEST_F(PortZeroTest, B094_NthOfOneIsTheNthOfTheOthers) {
  const auto workers = Start(2);
  const int first = Listen(workers[0], "listen a");
  const int second = Listen(workers[0], "listen b");
  EXPECT_GT(second, 0);
  EXPECT_NE(first, second);
  EXPECT_EQ(Listen(workers[1], "listen a"), first);
  EXPECT_EQ(Listen(workers[1], "listen b"), second);
}

TEST_F(PortZeroTest, B095_ClosingOneLeavesItsPlaceEmpty) {
  const auto workers = Start(2);
  std::set<int> ports;
  for (const auto& worker : workers) {
    ports.insert(Listen(worker, "listen a"));
    ports.insert(Listen(worker, "listen b"));
  }
  ASSERT_EQ(ports.size(), 2u);
  Ask(workers[1], "close a", "a closed");
  const int third = Listen(workers[1], "listen a");
  EXPECT_GT(third, 0);
  EXPECT_EQ(ports.count(third), 0u);
}

TEST_F(PortZeroTest, B096_ClosingAllBeginsAnew) {
  const auto workers = Start(2);
  const int first = Listen(workers[0], "listen a");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Listen(workers[1], "listen a"), first);
    const int second = Listen(workers[1], "listen b");
    EXPECT_GT(second, 0);
    EXPECT_NE(second, first);
    Ask(workers[1], "close a", "a closed");
    Ask(workers[1], "close b", "b closed");
  }
}

TEST_F(PortZeroTest, B097_EachHostHasItsOwn) {
  const auto workers = Start(2);
  const int first = Listen(workers[0], "listen a host=127.0.0.1");
  const int second = Listen(workers[0], "listen b host=127.0.0.2");
  EXPECT_GT(second, 0);
  // Which is the first of each, in whatever order they are asked for.
  EXPECT_EQ(Listen(workers[1], "listen b host=127.0.0.2"), second);
  EXPECT_EQ(Listen(workers[1], "listen a host=127.0.0.1"), first);
  EXPECT_GT(Listen(workers[1], "listen c host=0.0.0.0"), 0);
}

}  // namespace
}  // namespace cluster
