// The seeds of plugin_fuzz are what they are called: a whole plugin that were
// refused at its first byte would leave the rest unsearched.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "plugins/host/plugin_file.h"

namespace cluster {
namespace {

absl::StatusOr<PluginInfo> Parse(const std::string& seed) {
  std::ifstream file("tests/fuzz/corpus/plugin/" + seed, std::ios::binary);
  EXPECT_TRUE(file) << seed;
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return ParsePlugin(std::as_bytes(std::span(text)), seed);
}

TEST(PluginCorpusTest, WholeOnesAreRead) {
  for (const std::string seed : {"whole_sysv_hash", "whole_gnu_hash"}) {
    const absl::StatusOr<PluginInfo> info = Parse(seed);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->name, "seed");
    EXPECT_EQ(info->required_services.size(), 2u);
    EXPECT_EQ(info->build_id.substr(0, 6), "000102");
    EXPECT_TRUE(CheckCompatible(*info, seed).ok());
  }
  EXPECT_TRUE(Parse("needs_asan")->needs_asan);
}

// A sanitizer's runtime among the libraries, and no symbol of it.
TEST(PluginCorpusTest, RuntimesOfSanitizersAreNeeded) {
  for (const std::string seed : {"linked_to_asan", "linked_to_clang_asan"}) {
    const absl::StatusOr<PluginInfo> info = Parse(seed);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_TRUE(info->needs_asan) << seed;
    EXPECT_FALSE(info->needs_tsan) << seed;
  }
  for (const std::string seed : {"linked_to_tsan", "linked_to_clang_tsan"}) {
    const absl::StatusOr<PluginInfo> info = Parse(seed);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_TRUE(info->needs_tsan) << seed;
    EXPECT_FALSE(info->needs_asan) << seed;
  }
  EXPECT_FALSE(Parse("whole_sysv_hash")->needs_asan);
  EXPECT_FALSE(Parse("whole_sysv_hash")->needs_tsan);
}

TEST(PluginCorpusTest, DamagedOnesAreRefused) {
  for (const std::string seed : {"cut_header",
                                 "cut_segments",
                                 "segments_at_largest",
                                 "wrong_magic",
                                 "entry_at_the_end",
                                 "strings_size_largest",
                                 "name_outside"}) {
    EXPECT_FALSE(Parse(seed).ok()) << seed;
  }
}

}  // namespace
}  // namespace cluster
