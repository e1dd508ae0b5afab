#include "plugins/static_files/field_text.h"

#include <gtest/gtest.h>

#include <string>

namespace cluster::static_files {
namespace {

std::string Elements(std::string_view text) {
  std::string all;
  ListReader list(text);
  while (const auto element = list.Next()) {
    all += "[" + std::string(*element) + "]";
  }
  return all;
}

TEST(FieldTextTest, ListHasTrimmedElements) {
  EXPECT_EQ(Elements(""), "");
  EXPECT_EQ(Elements("a"), "[a]");
  EXPECT_EQ(Elements(" a\t, b c ,d"), "[a][b c][d]");
}

TEST(FieldTextTest, EmptyElementsArePassedOver) {
  EXPECT_EQ(Elements(",, a ,\t,b,"), "[a][b]");
  EXPECT_EQ(Elements(" , "), "");
}

TEST(FieldTextTest, ComparesAsciiIgnoringCase) {
  EXPECT_TRUE(EqualIgnoringCase("ByTes", "bytes"));
  EXPECT_TRUE(EqualIgnoringCase("", ""));
  EXPECT_FALSE(EqualIgnoringCase("byte", "bytes"));
  EXPECT_FALSE(EqualIgnoringCase("[", "{"));  // 32 apart, and no letters
}

}  // namespace
}  // namespace cluster::static_files
