#include "plugins/resp_kv/shard_commands.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/shard_stats.h"
#include "plugins/resp_kv/store.h"

namespace cluster::resp_kv {
namespace {

constexpr char kOkReply[] = "+OK\r\n";
constexpr char kNilReply[] = "$-1\r\n";
constexpr char kNotInteger[] =
    "-ERR value is not an integer or out of range\r\n";

class ShardCommandsTest : public testing::Test {
 protected:
  explicit ShardCommandsTest(bool lost = false, uint64_t max_bytes = 0)
      : store_(max_bytes, lost) {}

  std::string Run(std::vector<std::string_view> request) {
    std::string out;
    RunShardCommand(request, now_ms_, store_, stats_, &out);
    return out;
  }

  int64_t now_ms_ = 1'000'000;
  Store store_;
  ShardStats stats_;
};

TEST_F(ShardCommandsTest, SetAndGet) {
  EXPECT_EQ(Run({"GET", "k"}), kNilReply);
  EXPECT_EQ(Run({"set", "k", "v"}), kOkReply);
  EXPECT_EQ(Run({"GeT", "k"}), "$1\r\nv\r\n");
  EXPECT_EQ(Run({"STRLEN", "k"}), ":1\r\n");
  EXPECT_EQ(Run({"STRLEN", "l"}), ":0\r\n");
  EXPECT_EQ(stats_.hits, 1u);
  EXPECT_EQ(stats_.misses, 1u);
}

TEST_F(ShardCommandsTest, SetOptions) {
  EXPECT_EQ(Run({"SET", "k", "1", "XX"}), kNilReply);
  EXPECT_EQ(Run({"SET", "k", "1", "NX"}), kOkReply);
  EXPECT_EQ(Run({"SET", "k", "2", "nx"}), kNilReply);
  EXPECT_EQ(Run({"SET", "k", "2", "XX", "GET"}), "$1\r\n1\r\n");
  EXPECT_EQ(Run({"SET", "l", "2", "GET"}), kNilReply);
  EXPECT_EQ(Run({"SET", "k", "3", "NX", "GET"}), "$1\r\n2\r\n");
  EXPECT_EQ(Run({"GET", "k"}), "$1\r\n2\r\n");
  for (const auto& bad : std::vector<std::vector<std::string_view>>{
           {"SET", "k", "v", "NX", "XX"},
           {"SET", "k", "v", "EX"},
           {"SET", "k", "v", "EX", "1", "PX", "1"},
           {"SET", "k", "v", "EX", "1", "KEEPTTL"},
           {"SET", "k", "v", "what"}}) {
    EXPECT_EQ(Run(bad), "-ERR syntax error\r\n");
  }
  EXPECT_EQ(Run({"SET", "k", "v", "EX", "0"}),
            "-ERR invalid expire time in 'set' command\r\n");
  EXPECT_EQ(Run({"SET", "k", "v", "EX", "9223372036854775807"}),
            "-ERR invalid expire time in 'set' command\r\n");
  EXPECT_EQ(Run({"SET", "k", "v", "PX", "x"}), kNotInteger);
}

TEST_F(ShardCommandsTest, SetReplacesTheExpiryUnlessToldToKeepIt) {
  Run({"SET", "k", "v", "PX", "500"});
  EXPECT_EQ(Run({"PTTL", "k"}), ":500\r\n");
  Run({"SET", "k", "w", "KEEPTTL"});
  EXPECT_EQ(Run({"PTTL", "k"}), ":500\r\n");
  Run({"SET", "k", "w"});
  EXPECT_EQ(Run({"PTTL", "k"}), ":-1\r\n");
}

TEST_F(ShardCommandsTest, Counts) {
  EXPECT_EQ(Run({"INCR", "n"}), ":1\r\n");
  EXPECT_EQ(Run({"INCRBY", "n", "41"}), ":42\r\n");
  EXPECT_EQ(Run({"DECR", "n"}), ":41\r\n");
  EXPECT_EQ(Run({"DECRBY", "n", "-9"}), ":50\r\n");
  EXPECT_EQ(Run({"GET", "n"}), "$2\r\n50\r\n");
  EXPECT_EQ(Run({"INCRBY", "n", "1.5"}), kNotInteger);
}

TEST_F(ShardCommandsTest, RefusesToCountWhatIsNoNumber) {
  for (const char* text :
       {"", " 1", "1 ", "+1", "01", "-0", "x", "9223372036854775808"}) {
    Run({"SET", "n", text});
    EXPECT_EQ(Run({"INCR", "n"}), kNotInteger) << text;
  }
}

TEST_F(ShardCommandsTest, RefusesToOverflow) {
  constexpr char kOverflow[] = "-ERR increment or decrement would overflow\r\n";
  Run({"SET", "n", "9223372036854775807"});
  EXPECT_EQ(Run({"INCR", "n"}), kOverflow);
  EXPECT_EQ(Run({"GET", "n"}), "$19\r\n9223372036854775807\r\n");
  Run({"SET", "n", "-9223372036854775808"});
  EXPECT_EQ(Run({"DECR", "n"}), kOverflow);
  EXPECT_EQ(Run({"DECRBY", "n", "-9223372036854775808"}),
            "-ERR decrement would overflow\r\n");
}

TEST_F(ShardCommandsTest, CountingKeepsTheExpiry) {
  Run({"SET", "n", "1", "EX", "10"});
  Run({"INCR", "n"});
  Run({"APPEND", "n", "0"});
  EXPECT_EQ(Run({"TTL", "n"}), ":10\r\n");
}

TEST_F(ShardCommandsTest, Appends) {
  EXPECT_EQ(Run({"APPEND", "k", "ab"}), ":2\r\n");
  EXPECT_EQ(Run({"APPEND", "k", "c"}), ":3\r\n");
  EXPECT_EQ(Run({"GET", "k"}), "$3\r\nabc\r\n");
  const std::string half(9 << 20, 'x');
  Run({"SET", "k", half});
  EXPECT_EQ(Run({"APPEND", "k", half}),
            "-ERR string exceeds maximum allowed size "
            "(proto-max-bulk-len)\r\n");
}

TEST_F(ShardCommandsTest, Expires) {
  EXPECT_EQ(Run({"EXPIRE", "k", "10"}), ":0\r\n");
  EXPECT_EQ(Run({"TTL", "k"}), ":-2\r\n");
  Run({"SET", "k", "v"});
  EXPECT_EQ(Run({"TTL", "k"}), ":-1\r\n");
  EXPECT_EQ(Run({"EXPIRE", "k", "10"}), ":1\r\n");
  now_ms_ += 9'400;
  EXPECT_EQ(Run({"TTL", "k"}), ":1\r\n");
  EXPECT_EQ(Run({"PTTL", "k"}), ":600\r\n");
  EXPECT_EQ(Run({"EXISTS", "k"}), ":1\r\n");
  now_ms_ += 600;
  EXPECT_EQ(Run({"EXISTS", "k"}), ":0\r\n");
  EXPECT_EQ(Run({"DBSIZE"}), ":0\r\n");
}

TEST_F(ShardCommandsTest, PersistsAndExpiresAtOnce) {
  Run({"SET", "k", "v", "PX", "100"});
  EXPECT_EQ(Run({"PERSIST", "k"}), ":1\r\n");
  EXPECT_EQ(Run({"PERSIST", "k"}), ":0\r\n");
  EXPECT_EQ(Run({"PERSIST", "l"}), ":0\r\n");
  EXPECT_EQ(Run({"PEXPIRE", "k", "-5"}), ":1\r\n");
  EXPECT_EQ(Run({"GET", "k"}), kNilReply);
  EXPECT_EQ(Run({"EXPIRE", "k", "x"}), kNotInteger);
  EXPECT_EQ(Run({"EXPIRE", "k", "9223372036854775807"}),
            "-ERR invalid expire time in 'expire' command\r\n");
}

TEST_F(ShardCommandsTest, DbSizeCountsNothingThatIsDue) {
  Run({"SET", "a", "v"});
  Run({"SET", "b", "v", "PX", "5"});
  EXPECT_EQ(Run({"DBSIZE"}), ":2\r\n");
  now_ms_ += 5;
  EXPECT_EQ(Run({"DBSIZE"}), ":1\r\n");
  EXPECT_EQ(Run({"FLUSHALL", "now"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Run({"FLUSHALL", "async"}), kOkReply);
  EXPECT_EQ(Run({"DBSIZE"}), ":0\r\n");
}

TEST_F(ShardCommandsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Run({"GET"}),
            "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(Run({"GET", "a", "b"}),
            "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_TRUE(IsError(Run({"NONSENSE", "a"})));
}

class FullShardTest : public ShardCommandsTest {
 protected:
  FullShardTest() : ShardCommandsTest(false, 500) {}
};

TEST_F(FullShardTest, RefusesWrites) {
  constexpr char kOom[] =
      "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
  EXPECT_EQ(Run({"SET", "k", std::string(300, 'x')}), kOkReply);
  EXPECT_EQ(Run({"SET", "l", std::string(300, 'x')}), kOom);
  EXPECT_EQ(Run({"APPEND", "k", std::string(300, 'x')}), kOom);
  EXPECT_EQ(Run({"STRLEN", "k"}), ":300\r\n");
  EXPECT_EQ(Run({"DEL", "k"}), ":1\r\n");
  EXPECT_EQ(Run({"SET", "l", std::string(300, 'x')}), kOkReply);
}

class LostShardTest : public ShardCommandsTest {
 protected:
  LostShardTest() : ShardCommandsTest(/*lost=*/true) {}
};

TEST_F(LostShardTest, AnswersNothingAboutUnknownKeys) {
  for (const auto& request :
       std::vector<std::vector<std::string_view>>{{"GET", "k"},
                                                  {"DEL", "k"},
                                                  {"EXISTS", "k"},
                                                  {"INCR", "k"},
                                                  {"DECRBY", "k", "2"},
                                                  {"APPEND", "k", "x"},
                                                  {"STRLEN", "k"},
                                                  {"EXPIRE", "k", "1"},
                                                  {"PEXPIRE", "k", "-1"},
                                                  {"TTL", "k"},
                                                  {"PTTL", "k"},
                                                  {"PERSIST", "k"},
                                                  {"SET", "k", "v", "NX"},
                                                  {"SET", "k", "v", "XX"},
                                                  {"SET", "k", "v", "GET"},
                                                  {"SET", "k", "v", "KEEPTTL"},
                                                  {"DBSIZE"}}) {
    EXPECT_TRUE(Run(request).starts_with("-LOST ")) << request[0];
  }
  EXPECT_EQ(stats_.lost_answers, 17u);
}

TEST_F(LostShardTest, SetDefinesItsKeyAlone) {
  EXPECT_EQ(Run({"SET", "k", "5"}), kOkReply);
  EXPECT_EQ(Run({"INCR", "k"}), ":6\r\n");
  EXPECT_EQ(Run({"DEL", "k"}), ":1\r\n");
  EXPECT_EQ(Run({"GET", "k"}), kNilReply);
  EXPECT_EQ(Run({"INCR", "k"}), ":1\r\n");
  EXPECT_TRUE(Run({"GET", "l"}).starts_with("-LOST "));
  EXPECT_TRUE(Run({"DBSIZE"}).starts_with("-LOST "));
}

TEST_F(LostShardTest, FlushAllDefinesEveryKey) {
  EXPECT_EQ(Run({"FLUSHALL"}), kOkReply);
  EXPECT_EQ(Run({"GET", "k"}), kNilReply);
  EXPECT_EQ(Run({"DBSIZE"}), ":0\r\n");
}

TEST_F(LostShardTest, StatsSayThatItIsLost) {
  Run({"GET", "k"});
  Run({"SET", "k", "v", "EX", "1"});
  const auto stats = ReadShardStats(Run({kStatsCommand}));
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->lost, 1u);
  EXPECT_EQ(stats->keys, 1u);
  EXPECT_EQ(stats->expiring, 1u);
  EXPECT_EQ(stats->commands, 2u);
  EXPECT_EQ(stats->lost_answers, 1u);
}

}  // namespace
}  // namespace cluster::resp_kv
