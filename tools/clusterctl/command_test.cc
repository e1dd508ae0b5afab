#include "tools/clusterctl/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/admin/admin_messages.h"
#include "core/host/version.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Command Parsed(const std::vector<std::string>& words) {
  return *ParseCommand(words, "/cwd", "/run/admin");
}

std::string Error(const std::vector<std::string>& words) {
  return std::string(
      ParseCommand(words, "/cwd", "/run/admin").status().message());
}

TEST(ParseCommandTest, StatusIsTheDefault) {
  const Command command = Parsed({});
  EXPECT_EQ(command.request.action, AdminAction::kStatus);
  EXPECT_EQ(command.socket, "/run/admin");
  EXPECT_FALSE(command.json);
}

TEST(ParseCommandTest, EachCommandHasItsArguments) {
  EXPECT_EQ(Parsed({"policy", "p2c:d=3"}).request.text, "p2c:d=3");
  const AdminRequest weight = Parsed({"weight", "3", "500"}).request;
  EXPECT_EQ(weight.action, AdminAction::kSetWeight);
  EXPECT_EQ(weight.worker, 3u);
  EXPECT_EQ(weight.number, 500u);
  EXPECT_EQ(Parsed({"pause", "4"}).request.action, AdminAction::kPause);
  EXPECT_EQ(Parsed({"resume", "4"}).request.worker, 4u);
  EXPECT_EQ(Parsed({"restart", "4"}).request.action, AdminAction::kRestart);
}

TEST(ParseCommandTest, OptionsStandAnywhere) {
  const Command command = Parsed({"status", "--json", "--socket", "a/b"});
  EXPECT_TRUE(command.json);
  EXPECT_EQ(command.socket, "/cwd/a/b");
  EXPECT_EQ(Parsed({"--socket=/x"}).socket, "/x");
  EXPECT_EQ(Parsed({"--socket=./a"}).socket, "/cwd/a");
  EXPECT_THAT(Parsed({"nonsense", "--help"}).print, HasSubstr("Commands"));
  EXPECT_THAT(Parsed({"--version"}).print, HasSubstr(kVersion));
}

TEST(ParseCommandTest, MistakesAreOneLineThatHelps) {
  EXPECT_EQ(Error({"statsu"}),
            "unknown command \"statsu\"; did you mean status?; see clusterctl "
            "--help");
  EXPECT_THAT(Error({"pause"}), StartsWith("pause takes 1 words, not 0"));
  EXPECT_THAT(Error({"pause", "x"}), HasSubstr("number of a worker"));
  EXPECT_THAT(Error({"weight", "1", "-3"}), HasSubstr("unknown option \"-3\""));
  EXPECT_THAT(Error({"weight", "1", "x"}), HasSubstr("number of a weight"));
  EXPECT_THAT(Error({"--jsn"}), HasSubstr("unknown option"));
  EXPECT_THAT(std::string(ParseCommand({}, "/cwd", "").status().message()),
              HasSubstr("--socket=PATH"));
}

}  // namespace
}  // namespace cluster
