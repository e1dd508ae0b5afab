#include "core/log/utf8.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(NextUtf8Test, ReadsOneToFourBytes) {
  EXPECT_EQ(NextUtf8("a").code, U'a');
  EXPECT_EQ(NextUtf8("\xc3\xa9x").code, U'\u00e9');
  EXPECT_EQ(NextUtf8("\xe2\x82\xac").code, U'\u20ac');
  EXPECT_EQ(NextUtf8("\xf0\x9f\x98\x80").code, U'\U0001f600');
  EXPECT_EQ(NextUtf8("\xf0\x9f\x98\x80").size, 4u);
}

TEST(NextUtf8Test, RefusesOneByteAtATime) {
  for (absl::string_view bad : {
           "\x80",              // continuation without a lead
           "\xc0\xaf",          // overlong
           "\xe0\x80\xaf",      // overlong
           "\xed\xa0\x80",      // surrogate
           "\xf4\x90\x80\x80",  // above U+10FFFF
           "\xff",              // never a lead
           "\xe2\x82",          // ends early
           "\xe2x\xac",         // broken off
       }) {
    const Utf8Char got = NextUtf8(bad);
    EXPECT_FALSE(got.valid) << testing::PrintToString(bad);
    EXPECT_EQ(got.size, 1u);
  }
}

TEST(Utf8PrefixSizeTest, NeverCutsACharacter) {
  const absl::string_view text = "abc\xf0\x9f\x98\x80xyz";
  EXPECT_EQ(Utf8PrefixSize(text, 4), 3u);
  EXPECT_EQ(Utf8PrefixSize(text, 5), 3u);
  EXPECT_EQ(Utf8PrefixSize(text, 6), 3u);
  EXPECT_EQ(Utf8PrefixSize(text, 7), 7u);
  EXPECT_EQ(Utf8PrefixSize(text, 8), 8u);
  EXPECT_EQ(Utf8PrefixSize(text, 99), text.size());
}

TEST(Utf8PrefixSizeTest, CutsBytesThatAreNotUtf8Anywhere) {
  EXPECT_EQ(Utf8PrefixSize("\x80\x80\x80\x80\x80\x80", 5), 5u);
}

}  // namespace
}  // namespace cluster
