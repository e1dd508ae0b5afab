#include "core/primary/messages/request_table.h"

#include <gtest/gtest.h>

#include <optional>

namespace cluster {
namespace {

TEST(RequestTableTest, KnowsWhoWasAskedUntilItIsErased) {
  RequestTable table(10);
  EXPECT_TRUE(table.Add({1, 7}, 2));
  EXPECT_EQ(table.AskedOf({1, 7}), 2u);
  EXPECT_EQ(table.AskedOf({2, 7}), std::nullopt);
  table.Erase({1, 7});
  table.Erase({1, 7});
  EXPECT_EQ(table.AskedOf({1, 7}), std::nullopt);
  EXPECT_EQ(table.size(), 0u);
}

TEST(RequestTableTest, NumberInUseIsRefused) {
  RequestTable table(10);
  EXPECT_TRUE(table.Add({1, 7}, 2));
  EXPECT_FALSE(table.Add({1, 7}, 3));
  EXPECT_EQ(table.AskedOf({1, 7}), 2u);
}

TEST(RequestTableTest, LimitIsOfEachAsker) {
  RequestTable table(2);
  EXPECT_TRUE(table.Add({1, 1}, 2));
  EXPECT_TRUE(table.Add({1, 2}, 2));
  EXPECT_FALSE(table.Add({1, 3}, 2));
  EXPECT_TRUE(table.Add({3, 1}, 2));
  table.Erase({1, 1});
  EXPECT_TRUE(table.Add({1, 3}, 2));
}

TEST(RequestTableTest, DeadWorkerTakesBothItsSidesAlong) {
  RequestTable table(10);
  ASSERT_TRUE(table.Add({1, 1}, 2));
  ASSERT_TRUE(table.Add({2, 1}, 3));
  ASSERT_TRUE(table.Add({3, 1}, 1));
  const auto taken = table.TakeAllOf(2);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].key, (RequestKey{1, 1}));
  EXPECT_EQ(taken[0].asked, 2u);
  EXPECT_EQ(taken[1].key, (RequestKey{2, 1}));
  EXPECT_EQ(table.size(), 1u);
}

}  // namespace
}  // namespace cluster
