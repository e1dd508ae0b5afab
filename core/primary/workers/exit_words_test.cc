#include "core/primary/workers/exit_words.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace cluster {
namespace {

TEST(ExitWordsTest, WhatAPluginMayReturnItselfHasNone) {
  for (const int code : {0, 1, 2, 3, 63, 71, 79, 80, 127, 255, -1}) {
    EXPECT_EQ(ExitWords(code), "") << code;
  }
}

// The table in the documentation and the words are about the same codes.
TEST(ExitWordsTest, EachCodeThatIsDocumentedHasSome) {
  std::ifstream page("docs/plugin_abi.md");
  int codes = 0;
  for (std::string line; std::getline(page, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    int code = 0;
    if (cells.size() != 5 || !absl::SimpleAtoi(cells[1], &code)) continue;
    if (code == 0) continue;
    ++codes;
    EXPECT_NE(ExitWords(code), "") << code;
  }
  int worded = 0;
  for (int code = 0; code < 256; ++code) worded += !ExitWords(code).empty();
  EXPECT_EQ(codes, worded);
  EXPECT_EQ(worded, 7);
}

}  // namespace
}  // namespace cluster
