#include "plugins/resp_kv/command_table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "plugins/resp_kv/gather.h"

namespace cluster::resp_kv {
namespace {

std::string Gathered(Gather gather, const Replies& replies) {
  std::string out;
  gather(replies, &out);
  return out;
}

TEST(CommandTableTest, FindsCommandsInAnyCase) {
  ASSERT_NE(FindCommand("mGet"), nullptr);
  EXPECT_EQ(FindCommand("mGet")->name, "MGET");
  EXPECT_EQ(FindCommand("MGETS"), nullptr);
  EXPECT_EQ(FindCommand(""), nullptr);
  EXPECT_EQ(FindCommand("\x01STATS"), nullptr) << "for workers alone";
}

TEST(CommandTableTest, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Command& command : AllCommands()) names.insert(command.name);
  EXPECT_EQ(names.size(), AllCommands().size());
}

TEST(CommandTableTest, KnowsHowManyWordsThereMustBe) {
  EXPECT_TRUE(FindCommand("GET")->Takes(2));
  EXPECT_FALSE(FindCommand("GET")->Takes(3));
  EXPECT_TRUE(FindCommand("DEL")->Takes(9));
  EXPECT_FALSE(FindCommand("DEL")->Takes(1));
  EXPECT_TRUE(FindCommand("MSET")->Takes(5));
  EXPECT_FALSE(FindCommand("MSET")->Takes(4));
}

TEST(CommandTableTest, KeysStayWhereTheyAre) {
  // Written down once: workers of two builds must agree.
  EXPECT_EQ(ShardOf("", 1000), 945u);
  EXPECT_EQ(ShardOf("a", 1000), 824u);
  EXPECT_EQ(ShardOf("key:000000000001", 4), 1u);
}

TEST(CommandTableTest, KeysAreSpreadEvenly) {
  for (const uint32_t count : {2u, 3u, 4u, 7u, 16u}) {
    std::map<uint32_t, int> keys;
    for (int i = 0; i < 16'000; ++i) {
      ++keys[ShardOf("counter:" + std::to_string(i), count)];
    }
    ASSERT_EQ(keys.size(), count);
    for (const auto& [shard, n] : keys) {
      EXPECT_NEAR(n, 16'000.0 / count, 0.15 * 16'000.0 / count) << count;
    }
  }
}

TEST(CommandTableTest, GathersReplies) {
  EXPECT_EQ(Gathered(&GatherSum, {":1\r\n", ":0\r\n", ":2\r\n"}), ":3\r\n");
  EXPECT_EQ(Gathered(&GatherArray, {"$1\r\nv\r\n", "$-1\r\n"}),
            "*2\r\n$1\r\nv\r\n$-1\r\n");
  EXPECT_EQ(Gathered(&GatherAllOk, {"+OK\r\n", "+OK\r\n"}), "+OK\r\n");
  for (const Gather gather : {&GatherSum, &GatherArray, &GatherAllOk}) {
    EXPECT_EQ(Gathered(gather, {":1\r\n", "-LOST x\r\n", "-ERR y\r\n"}),
              "-LOST x\r\n");
  }
}

}  // namespace
}  // namespace cluster::resp_kv
