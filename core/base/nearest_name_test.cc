#include "core/base/nearest_name.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"

namespace cluster {
namespace {

absl::string_view Nearest(absl::string_view typed) {
  return NearestName(typed,
                     {"--listen", "--policy", "--set", "--workers", "--work"});
}

TEST(NearestNameTest, OffersWhatIsAFewLettersAway) {
  EXPECT_EQ(Nearest("--worker"), "--workers") << "a letter left out";
  EXPECT_EQ(Nearest("--listten"), "--listen") << "put in";
  EXPECT_EQ(Nearest("--lisetn"), "--listen") << "swapped";
  EXPECT_EQ(Nearest("--Set"), "--set") << "changed";
}

TEST(NearestNameTest, OffersWhatBeginsSo) {
  EXPECT_EQ(NearestName("least_conn", {"random", "least_connections"}),
            "least_connections");
  EXPECT_EQ(NearestName("least", {"random", "least_connections"}), "")
      << "less than half of it";
}

TEST(NearestNameTest, TheNearestOfSeveral) {
  EXPECT_EQ(Nearest("--work"), "--work");
  EXPECT_EQ(NearestName("ab", {"abc", "abd"}), "abc") << "the first";
}

TEST(NearestNameTest, OffersNothingWhenNothingIsNear) {
  EXPECT_EQ(Nearest("--something"), "");
  EXPECT_EQ(NearestName("--port", {"--policy", "--workers"}), "");
  EXPECT_EQ(Nearest("--p"), "");
  EXPECT_EQ(Nearest(""), "");
  EXPECT_EQ(NearestName("random", {}), "");
}

TEST(NearestNameTest, LongInputIsNearNothing) {
  EXPECT_EQ(Nearest(std::string(100'000, 'x')), "");
}

TEST(NearestNameTest, WhatWasBegunIsNearerThanWhatIsShorter) {
  EXPECT_EQ(NearestName("least_conn", {"least_work", "least_connections"}),
            "least_connections");
}

}  // namespace
}  // namespace cluster
