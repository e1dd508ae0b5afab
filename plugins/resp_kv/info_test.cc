#include "plugins/resp_kv/info.h"

#include <gtest/gtest.h>

#include <string>

#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/shard_stats.h"

namespace cluster::resp_kv {
namespace {

std::string StatsReply(const ShardStats& stats) {
  std::string out;
  AppendShardStats(stats, &out);
  return out;
}

const Replies kReplies = {
    StatsReply({.keys = 2, .expiring = 1, .bytes = 300, .commands = 7}),
    "-UNREACHABLE x\r\n",
    StatsReply({.lost = 1, .keys = 3, .bytes = 400, .commands = 9})};

TEST(InfoTest, AddsUpWhatAnswered) {
  const std::string text =
      InfoText({.worker_id = 5, .slot = 2, .clients = 4}, kReplies, {});
  for (const char* line : {"# Server\r\n",
                           "worker_id:5\r\n",
                           "workers:3\r\n",
                           "connected_clients:4\r\n",
                           "used_memory:700\r\n",
                           "total_commands_processed:16\r\n",
                           "slot0:state=ok,keys=2,used_memory=300,commands=7",
                           "slot1:state=unreachable\r\n",
                           "slot2:state=lost,keys=3",
                           "db0:keys=5,expires=1,avg_ttl=0\r\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(InfoTest, GivesTheSectionsThatAreAskedFor) {
  const std::string wanted[] = {"keyspace"};
  EXPECT_EQ(InfoText({}, kReplies, wanted),
            "# Keyspace\r\ndb0:keys=5,expires=1,avg_ttl=0\r\n");
  const std::string none[] = {"nonsense"};
  EXPECT_EQ(InfoText({}, kReplies, none), "");
  const std::string all[] = {"everything"};
  EXPECT_EQ(InfoText({}, kReplies, all), InfoText({}, kReplies, {}));
}

TEST(InfoTest, StatsSurviveTheWay) {
  const auto stats = ReadShardStats(StatsReply({.lost = 1, .misses = 12}));
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->lost, 1u);
  EXPECT_EQ(stats->misses, 12u);
  EXPECT_FALSE(ReadShardStats("$3\r\n1 2\r\n").has_value());
  EXPECT_FALSE(ReadShardStats("-ERR\r\n").has_value());
}

}  // namespace
}  // namespace cluster::resp_kv
