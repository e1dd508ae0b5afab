#include "core/base/resolve_path.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(ResolvePathTest, StartsAtTheDirectory) {
  EXPECT_EQ(ResolvePath("/d", "x.so"), "/d/x.so");
  EXPECT_EQ(ResolvePath("/d", "/x.so"), "/x.so");
  EXPECT_EQ(ResolvePath("/", "x.so"), "/x.so");
  EXPECT_EQ(ResolvePath("", "x.so"), "x.so");
}

TEST(ResolvePathTest, LeavesPartsThatAreADotAway) {
  EXPECT_EQ(ResolvePath("/d", "./x.so"), "/d/x.so");
  EXPECT_EQ(ResolvePath("/d", "././a/./x.so"), "/d/a/x.so");
  EXPECT_EQ(ResolvePath("/d", "/a/./x.so"), "/a/x.so");
  EXPECT_EQ(ResolvePath("/d", "."), "/d");
  EXPECT_EQ(ResolvePath("/", "."), "/");
  EXPECT_EQ(ResolvePath("", "."), ".");
}

TEST(ResolvePathTest, LeavesAllElseAsItIs) {
  EXPECT_EQ(ResolvePath("/d", "link/../x.so"), "/d/link/../x.so");
  EXPECT_EQ(ResolvePath("/d", ".hidden"), "/d/.hidden");
  EXPECT_EQ(ResolvePath("/d", "a/"), "/d/a/");
}

}  // namespace
}  // namespace cluster
