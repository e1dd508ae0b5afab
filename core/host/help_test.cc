#include "core/host/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(HelpTextTest, FitsATerminal) {
  for (const absl::string_view line : absl::StrSplit(HelpText(), '\n')) {
    EXPECT_LE(line.size(), 80u) << line;
    EXPECT_NE(line.substr(line.empty() ? 0 : line.size() - 1), " ") << line;
  }
}

TEST(HelpTextTest, NamesEachFlagAndGroup) {
  const std::string help = HelpText();
  for (const FlagHelp& flag : AllFlags()) {
    EXPECT_THAT(help, HasSubstr(absl::StrCat("  ", flag.name)));
    EXPECT_THAT(help, HasSubstr(absl::StrCat("\n", flag.group, ":\n")));
  }
  EXPECT_THAT(help, HasSubstr("Examples:"));
}

TEST(VersionTextTest, NamesProgramAbiAndCompiler) {
  EXPECT_THAT(VersionText(), StartsWith("cluster host "));
  EXPECT_THAT(VersionText(), HasSubstr("\nplugin ABI 0."));
  EXPECT_THAT(VersionText(), HasSubstr("\ncompiled by "));
}

}  // namespace
}  // namespace cluster
