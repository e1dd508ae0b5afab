#include "core/primary/connections/ledger.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(LedgerTest, NewLedgerBalances) {
  const Ledger ledger;
  EXPECT_EQ(ledger.imbalance(0), 0);
  EXPECT_EQ(ledger.Summary(),
            "accepted 0 = completed 0 + refused 0 + lost 0 + expired 0 + live "
            "0; re-dispatched 0");
}

TEST(LedgerTest, EveryFinalStateBalances) {
  Ledger ledger;
  ledger.Accepted(15);
  ledger.Completed(4);
  ledger.Refused(3);
  ledger.Lost(2);
  ledger.Expired();
  EXPECT_EQ(ledger.imbalance(5), 0);
  EXPECT_EQ(ledger.accepted(), 15u);
  EXPECT_EQ(ledger.completed(), 4u);
  EXPECT_EQ(ledger.refused(), 3u);
  EXPECT_EQ(ledger.lost(), 2u);
  EXPECT_EQ(ledger.expired(), 1u);
}

TEST(LedgerTest, RedispatchIsNoFinalState) {
  Ledger ledger;
  ledger.Accepted();
  ledger.Redispatched(3);
  EXPECT_EQ(ledger.redispatched(), 3u);
  EXPECT_EQ(ledger.imbalance(1), 0);
}

TEST(LedgerTest, ForgottenConnectionIsAPositiveImbalance) {
  Ledger ledger;
  ledger.Accepted(3);
  ledger.Completed(1);
  EXPECT_EQ(ledger.imbalance(1), 1);
}

TEST(LedgerTest, ConnectionThatEndsTwiceIsANegativeImbalance) {
  Ledger ledger;
  ledger.Accepted(1);
  ledger.Lost(1);
  ledger.Completed(1);
  EXPECT_EQ(ledger.imbalance(0), -1);
}

TEST(LedgerTest, SummaryIsOneReadableLine) {
  Ledger ledger;
  ledger.Accepted(9);
  ledger.Completed(4);
  ledger.Refused(1);
  ledger.Expired(1);
  ledger.Redispatched(2);
  EXPECT_EQ(ledger.Summary(),
            "accepted 9 = completed 4 + refused 1 + lost 0 + expired 1 + live "
            "3; re-dispatched 2");
}

}  // namespace
}  // namespace cluster
