#include "plugins/resp_kv/store.h"

#include <gtest/gtest.h>

#include <string>

namespace cluster::resp_kv {
namespace {

using Presence = Store::Presence;

TEST(StoreTest, FindsWhatWasPut) {
  Store store(0, /*lost=*/false);
  EXPECT_EQ(store.Find("k", 0).presence, Presence::kAbsent);
  ASSERT_TRUE(store.Put("k", "v", Store::kNever));
  const Store::Found found = store.Find("k", 0);
  ASSERT_EQ(found.presence, Presence::kPresent);
  EXPECT_EQ(found.entry->value, "v");
  EXPECT_TRUE(store.Remove("k"));
  EXPECT_FALSE(store.Remove("k"));
  EXPECT_EQ(store.bytes(), 0u);
}

TEST(StoreTest, KeyIsGoneWhenDue) {
  Store store(0, false);
  store.Put("k", "v", 100);
  EXPECT_EQ(store.Find("k", 99).presence, Presence::kPresent);
  EXPECT_EQ(store.Find("k", 100).presence, Presence::kAbsent);
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(store.expired(), 1u);
}

TEST(StoreTest, RemovesDueInPortions) {
  Store store(0, false);
  for (int i = 0; i < 10; ++i) store.Put(std::to_string(i), "v", 100 + i);
  store.Put("never", "v", Store::kNever);
  EXPECT_EQ(store.expiring(), 10u);
  EXPECT_EQ(store.RemoveDue(107, 5), 5u);
  EXPECT_EQ(store.RemoveDue(107, 5), 3u);
  EXPECT_EQ(store.RemoveDue(107, 5), 0u);
  EXPECT_EQ(store.size(), 3u);
}

TEST(StoreTest, ExpiryCanBeReplacedAndTakenAway) {
  Store store(0, false);
  store.Put("k", "v", 100);
  EXPECT_TRUE(store.SetExpiry("k", 200));
  EXPECT_EQ(store.RemoveDue(150, 9), 0u);
  EXPECT_TRUE(store.SetExpiry("k", Store::kNever));
  EXPECT_EQ(store.RemoveDue(1000, 9), 0u);
  EXPECT_EQ(store.expiring(), 0u);
  EXPECT_FALSE(store.SetExpiry("other", 1));
}

TEST(StoreTest, RefusesWhatDoesNotFit) {
  Store store(1000, false);
  ASSERT_TRUE(store.Put("k", std::string(500, 'x'), Store::kNever));
  const uint64_t before = store.bytes();
  EXPECT_FALSE(store.Put("l", std::string(500, 'x'), Store::kNever));
  EXPECT_FALSE(store.Put("k", std::string(2000, 'x'), Store::kNever));
  EXPECT_EQ(store.Find("k", 0).entry->value.size(), 500u);
  EXPECT_EQ(store.bytes(), before);
  EXPECT_TRUE(store.Put("k", "smaller", Store::kNever));
}

TEST(StoreTest, LostStoreKnowsOnlyWhatWasWrittenSince) {
  Store store(0, /*lost=*/true);
  EXPECT_EQ(store.Find("k", 0).presence, Presence::kLost);
  store.Put("k", "v", Store::kNever);
  EXPECT_EQ(store.Find("k", 0).presence, Presence::kPresent);
  store.Remove("k");
  EXPECT_EQ(store.Find("k", 0).presence, Presence::kAbsent);
  EXPECT_EQ(store.Find("l", 0).presence, Presence::kLost);
  store.Put("m", "v", 10);
  EXPECT_EQ(store.Find("m", 10).presence, Presence::kAbsent);
  store.Put("k", "again", Store::kNever);
  EXPECT_EQ(store.Find("k", 0).presence, Presence::kPresent);
}

TEST(StoreTest, ClearMakesEverythingKnown) {
  Store store(0, true);
  store.Put("k", "v", 10);
  store.Clear();
  EXPECT_FALSE(store.lost());
  EXPECT_EQ(store.Find("l", 0).presence, Presence::kAbsent);
  EXPECT_EQ(store.bytes(), 0u);
  EXPECT_EQ(store.expiring(), 0u);
}

TEST(StoreTest, ShortOfMemoryForgetsWhatWasRemoved) {
  Store store(1000, true);
  for (int i = 0; i < 3; ++i) {
    store.Put("k", "v", Store::kNever);
    store.Put("gone" + std::to_string(i), "v", Store::kNever);
    store.Remove("gone" + std::to_string(i));
  }
  EXPECT_EQ(store.Find("gone0", 0).presence, Presence::kAbsent);
  EXPECT_TRUE(store.Put("large", std::string(700, 'x'), Store::kNever));
  EXPECT_EQ(store.Find("gone0", 0).presence, Presence::kLost);
  EXPECT_EQ(store.Find("k", 0).presence, Presence::kPresent);
  EXPECT_TRUE(store.Remove("large"));
  EXPECT_TRUE(store.Remove("k"));
}

}  // namespace
}  // namespace cluster::resp_kv
