#include "plugins/host/struct_size.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

static_assert(sizeof(cluster_plugin_entry_t) >= kFirstEntryBytes);
static_assert(sizeof(cluster_worker_plugin) >= kFirstWorkerTableBytes);
static_assert(sizeof(cluster_connection) >= kFirstConnectionBytes);
static_assert(sizeof(cluster_listener_info) >= kFirstListenerInfoBytes);
static_assert(sizeof(cluster_listen_options) >= kFirstListenOptionsBytes);
static_assert(sizeof(cluster_outgoing) >= kFirstOutgoingBytes);

// An entry as it may be one day.
struct GrownEntry {
  cluster_plugin_entry_t known;
  const void* added;
};

TEST(StructSizeTest, BoundsAreTheFirstVersionAndReason) {
  EXPECT_FALSE(CanBeSize(0, 16));
  EXPECT_FALSE(CanBeSize(15, 16));
  EXPECT_TRUE(CanBeSize(16, 16));
  EXPECT_TRUE(CanBeSize(kMaxStructBytes, 16));
  EXPECT_FALSE(CanBeSize(kMaxStructBytes + 1, 16));
  EXPECT_FALSE(CanBeSize(UINT32_MAX, 16));
}

TEST(StructSizeTest, WhatAnOlderStructLacksIsZero) {
  GrownEntry older = {};
  older.known.size = kFirstEntryBytes;
  older.known.abi_minor = 1;
  older.added = &older;  // whatever lies behind it
  ASSERT_TRUE(CanBeSize(older.known.size, kFirstEntryBytes));
  const auto copy = CopyKnown<GrownEntry>(&older, older.known.size);
  EXPECT_EQ(copy.known.abi_minor, 1u);
  EXPECT_EQ(copy.added, nullptr);
}

TEST(StructSizeTest, WhatANewerStructAddsIsLeft) {
  GrownEntry newer = {};
  newer.known.size = sizeof(newer);
  newer.known.name = "newer";
  newer.added = &newer;
  const auto copy = CopyKnown<cluster_plugin_entry_t>(&newer, newer.known.size);
  EXPECT_EQ(copy.size, sizeof(newer));
  EXPECT_STREQ(copy.name, "newer");
}

TEST(StructSizeTest, WhatANewerCallersStructAddsIsWrittenAsZero) {
  GrownEntry newer = {};
  newer.added = &newer;  // whatever lay on its stack
  cluster_plugin_entry_t known = {};
  known.size = sizeof(newer);
  known.name = "known";
  WriteKnown(known, &newer, known.size);
  EXPECT_EQ(newer.known.size, sizeof(newer));
  EXPECT_STREQ(newer.known.name, "known");
  EXPECT_EQ(newer.added, nullptr);
}

TEST(StructSizeTest, NothingIsWrittenBehindAnOlderCallersStruct) {
  GrownEntry older = {};
  older.added = &older;
  GrownEntry known = {};
  known.known.abi_minor = 1;
  WriteKnown(known, &older, kFirstEntryBytes);
  EXPECT_EQ(older.known.abi_minor, 1u);
  EXPECT_EQ(older.added, &older);
}

}  // namespace
}  // namespace cluster
