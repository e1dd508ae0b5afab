#include "core/host/flag_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;

TEST(FlagErrorTest, IsOneLineAndNotEndless) {
  const absl::Status error =
      FlagError("--x", "a\nb" + std::string(1000, 'c'), "is bad: give y");
  EXPECT_THAT(std::string(error.message()), HasSubstr("--x=\"a\\nb"));
  EXPECT_EQ(error.message().find('\n'), absl::string_view::npos);
  EXPECT_LT(error.message().size(), 200u);
}

TEST(ParseNumberTest, TakesTheRangeOnly) {
  EXPECT_EQ(*ParseNumber("--n", "1", 1, 1024), 1u);
  EXPECT_EQ(*ParseNumber("--n", "1024", 1, 1024), 1024u);
  for (absl::string_view bad : {"0", "1025", "", "x", "-1", "1.5", "1e3"}) {
    EXPECT_FALSE(ParseNumber("--n", bad, 1, 1024).ok()) << bad;
  }
  EXPECT_EQ(ParseNumber("--n", "0", 1, 1024).status().message(),
            "--n=\"0\" is not a whole number from 1 to 1024");
}

TEST(ParseFlagDurationTest, NeedsAUnit) {
  const absl::Duration zero = absl::ZeroDuration();
  EXPECT_EQ(*ParseFlagDuration("--t", "1m30s", zero), absl::Seconds(90));
  EXPECT_EQ(*ParseFlagDuration("--t", "inf", zero), absl::InfiniteDuration());
  EXPECT_FALSE(ParseFlagDuration("--t", "30", zero).ok());
  EXPECT_FALSE(ParseFlagDuration("--t", "-1s", zero).ok());
  EXPECT_FALSE(ParseFlagDuration("--t", "0s", absl::Milliseconds(1)).ok());
}

TEST(ParseChoiceTest, NamesTheChoices) {
  EXPECT_EQ(*ParseChoice("--c", "b", {"a", "b"}), 1u);
  EXPECT_EQ(ParseChoice("--c", "z", {"a", "b"}).status().message(),
            "--c=\"z\" is unknown: give a, b");
}

class ParseConfigPairTest : public testing::Test {
 protected:
  absl::StatusOr<std::pair<std::string, std::string>> Parse(
      absl::string_view value) {
    return ParseConfigPair("--set", value, testing::TempDir());
  }
};

TEST_F(ParseConfigPairTest, SplitsAtTheFirstEquals) {
  EXPECT_THAT(*Parse("k=a=b"), Pair("k", "a=b"));
  EXPECT_THAT(*Parse("k="), Pair("k", ""));
}

TEST_F(ParseConfigPairTest, RefusesMissingKeyOrValue) {
  EXPECT_FALSE(Parse("=v").ok());
  EXPECT_FALSE(Parse("k").ok());
}

TEST_F(ParseConfigPairTest, TakesAFileAsItIs) {
  std::ofstream(testing::TempDir() + "/settings") << "one\ntwo\n";
  EXPECT_THAT(*Parse("k=@settings"), Pair("k", "one\ntwo\n"));
}

TEST_F(ParseConfigPairTest, SaysWhyAFileCannotBeRead) {
  const absl::Status missing = Parse("k=@no_such_file").status();
  EXPECT_THAT(std::string(missing.message()), HasSubstr("ENOENT"));
  const absl::Status directory = Parse("k=@.").status();
  EXPECT_THAT(std::string(directory.message()), HasSubstr("EISDIR"));
  const absl::Status endless = Parse("k=@/dev/zero").status();
  EXPECT_THAT(std::string(endless.message()), HasSubstr("over 1 MiB"));
}

}  // namespace
}  // namespace cluster
