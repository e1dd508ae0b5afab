#include "plugins/resp_kv/local_commands.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "plugins/resp_kv/command_table.h"
#include "plugins/resp_kv/reply.h"

namespace cluster::resp_kv {
namespace {

class LocalCommandsTest : public testing::Test {
 protected:
  std::string Run(std::vector<std::string_view> request) {
    std::string out;
    const Command* command = FindCommand(request[0]);
    EXPECT_TRUE(command != nullptr && command->Takes(request.size()));
    RunLocalCommand(*command, request, {.max_memory_bytes = 99}, client_, &out);
    return out;
  }

  ClientState client_ = {.id = 17};
};

TEST_F(LocalCommandsTest, PingAndEcho) {
  EXPECT_EQ(Run({"PING"}), "+PONG\r\n");
  EXPECT_EQ(Run({"PING", "hi"}), "$2\r\nhi\r\n");
  EXPECT_EQ(Run({"PING", "a", "b"}),
            "-ERR wrong number of arguments for 'ping' command\r\n");
  EXPECT_EQ(Run({"ECHO", "hi"}), "$2\r\nhi\r\n");
}

TEST_F(LocalCommandsTest, ThereIsOneDatabase) {
  EXPECT_EQ(Run({"SELECT", "0"}), "+OK\r\n");
  EXPECT_EQ(Run({"SELECT", "1"}), "-ERR DB index is out of range\r\n");
  EXPECT_EQ(Run({"SELECT", "x"}), "-ERR invalid DB index\r\n");
}

TEST_F(LocalCommandsTest, HelloSpeaksProtocolTwoOnly) {
  EXPECT_TRUE(Run({"HELLO"}).starts_with("*14\r\n"));
  EXPECT_TRUE(Run({"HELLO", "2", "SETNAME", "me"}).starts_with("*14\r\n"));
  EXPECT_EQ(client_.name, "me");
  EXPECT_TRUE(Run({"HELLO", "3"}).starts_with("-NOPROTO "));
  EXPECT_TRUE(IsError(Run({"HELLO", "2", "AUTH", "a"})));
}

TEST_F(LocalCommandsTest, ClientHasNameAndId) {
  EXPECT_EQ(Run({"CLIENT", "GETNAME"}), "$0\r\n\r\n");
  EXPECT_EQ(Run({"CLIENT", "setname", "me"}), "+OK\r\n");
  EXPECT_EQ(Run({"CLIENT", "GETNAME"}), "$2\r\nme\r\n");
  EXPECT_TRUE(IsError(Run({"CLIENT", "SETNAME", "a b"})));
  EXPECT_EQ(Run({"CLIENT", "ID"}), ":17\r\n");
  EXPECT_EQ(Run({"CLIENT", "SETINFO", "LIB-NAME", "x"}), "+OK\r\n");
  EXPECT_TRUE(IsError(Run({"CLIENT", "KILL", "x"})));
}

TEST_F(LocalCommandsTest, ConfigTellsWhatBenchmarksAsk) {
  EXPECT_EQ(Run({"CONFIG", "GET", "save"}), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
  EXPECT_EQ(Run({"CONFIG", "GET", "maxmemory"}),
            "*2\r\n$9\r\nmaxmemory\r\n$2\r\n99\r\n");
  EXPECT_EQ(Run({"CONFIG", "GET", "other"}), "*0\r\n");
  EXPECT_TRUE(Run({"CONFIG", "GET", "*"}).starts_with("*12\r\n"));
  EXPECT_TRUE(IsError(Run({"CONFIG", "SET", "maxmemory", "1"})));
}

TEST_F(LocalCommandsTest, CommandListsTheTable) {
  const size_t count = AllCommands().size();
  EXPECT_EQ(Run({"COMMAND", "COUNT"}), ":" + std::to_string(count) + "\r\n");
  EXPECT_TRUE(
      Run({"COMMAND"}).starts_with("*" + std::to_string(count) + "\r\n"));
  EXPECT_NE(Run({"COMMAND"})
                .find("*6\r\n$4\r\nmset\r\n:-3\r\n*0\r\n"
                      ":1\r\n:-1\r\n:2\r\n"),
            std::string::npos);
  EXPECT_EQ(Run({"COMMAND", "DOCS"}), "*0\r\n");
}

TEST_F(LocalCommandsTest, QuitLeaves) {
  EXPECT_EQ(Run({"QUIT"}), "+OK\r\n");
  EXPECT_TRUE(client_.leaving);
}

TEST_F(LocalCommandsTest, EveryLocalCommandIsDone) {
  for (const Command& command : AllCommands()) {
    if (command.spread != Spread::kHere) continue;
    const size_t words = command.arity < 0 ? -command.arity : command.arity;
    EXPECT_FALSE(
        Run(std::vector<std::string_view>(words, command.name)).empty());
  }
}

TEST_F(LocalCommandsTest, UnknownCommandIsShownWithItsArguments) {
  const std::vector<std::string_view> request = {"FOO", "a", "b"};
  EXPECT_EQ(UnknownCommand(request),
            "ERR unknown command 'FOO', with args beginning with: 'a' 'b' ");
  const std::string large(1000, 'x');
  const std::vector<std::string_view> shout = {large, large, large};
  EXPECT_LT(UnknownCommand(shout).size(), 400u);
}

}  // namespace
}  // namespace cluster::resp_kv
