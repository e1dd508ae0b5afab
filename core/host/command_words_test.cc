#include "core/host/command_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"

namespace cluster {
namespace {

using testing::ElementsAre;

TEST(SplitWordsTest, SplitsAtBlanks) {
  EXPECT_THAT(*SplitWords("gdb --args"), ElementsAre("gdb", "--args"));
  EXPECT_THAT(*SplitWords("  a\t b \n c "), ElementsAre("a", "b", "c"));
}

TEST(SplitWordsTest, QuotesKeepBlanksAndEachOther) {
  EXPECT_THAT(*SplitWords(R"(sh -c 'exec "$@"' sh)"),
              ElementsAre("sh", "-c", "exec \"$@\"", "sh"));
  EXPECT_THAT(*SplitWords(R"(a "it's b" c''d)"),
              ElementsAre("a", "it's b", "cd"));
  EXPECT_THAT(*SplitWords(R"(a '' "")"), ElementsAre("a", "", ""));
}

TEST(SplitWordsTest, BackslashTakesTheNextCharacterAsItIs) {
  EXPECT_THAT(*SplitWords(R"(a\ b \" \\ \')"),
              ElementsAre("a b", "\"", "\\", "'"));
  EXPECT_THAT(*SplitWords(R"(x "a\"b\\c\n" 'd\')"),
              ElementsAre("x", "a\"b\\c\\n", "d\\"));
}

TEST(SplitWordsTest, NothingIsExpanded) {
  EXPECT_THAT(*SplitWords("echo $HOME * ; ls"),
              ElementsAre("echo", "$HOME", "*", ";", "ls"));
}

TEST(SplitWordsTest, SaysWhatIsWrong) {
  const auto problem = [](const char* text) {
    return std::string(SplitWords(text).status().message());
  };
  EXPECT_EQ(problem("a 'b"), "has a ' without its end");
  EXPECT_EQ(problem("a \"b\\\""), "has a \" without its end");
  EXPECT_EQ(problem("a \\"), "ends with a backslash");
  for (const char* text : {"", "  ", "'' a"}) {
    EXPECT_EQ(problem(text), "has no program: write a command");
  }
}

TEST(FindProgramTest, LooksInThePath) {
  EXPECT_EQ(*FindProgram("env", "/nowhere:/usr/bin", "/"), "/usr/bin/env");
  // From the folder where the command was typed.
  EXPECT_EQ(*FindProgram("env", "bin", "/usr"), "/usr/bin/env");
  EXPECT_EQ(*FindProgram("env", "", "/usr/bin"), "/usr/bin/env");
  EXPECT_EQ(*FindProgram("bin/env", "", "/usr"), "/usr/bin/env");
  EXPECT_EQ(*FindProgram("/usr/bin/env", "", ""), "/usr/bin/env");
}

TEST(FindProgramTest, WhatCannotBeExecutedIsNoProgram) {
  const std::string folder = testing::TempDir();
  std::ofstream(folder + "/text") << "text";
  ASSERT_EQ(chmod((folder + "/text").c_str(), 0644), 0);
  mkdir((folder + "/folder").c_str(), 0755);
  for (const char* name : {"text", "folder", "missing"}) {
    EXPECT_EQ(FindProgram(name, folder, "/").status(),
              absl::NotFoundError("no program " + std::string(name) +
                                  " in PATH: is it installed?"));
    EXPECT_EQ(FindProgram("./" + std::string(name), "", folder).status().code(),
              absl::StatusCode::kNotFound);
  }
}

}  // namespace
}  // namespace cluster
