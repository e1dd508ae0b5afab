#include "plugins/static_files/content_type.h"

#include <gtest/gtest.h>

namespace cluster::static_files {
namespace {

TEST(ContentTypeTest, TextIsUtf8) {
  EXPECT_EQ(ContentTypeOf("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(ContentTypeOf("a/b/c.css"), "text/css; charset=utf-8");
  EXPECT_EQ(ContentTypeOf("x.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(ContentTypeOf("x.txt"), "text/plain; charset=utf-8");
}

TEST(ContentTypeTest, FirstAndLastOfTheTableAreFound) {
  EXPECT_EQ(ContentTypeOf("x.aac"), "audio/aac");
  EXPECT_EQ(ContentTypeOf("x.zst"), "application/zstd");
}

TEST(ContentTypeTest, CaseDoesNotMatter) {
  EXPECT_EQ(ContentTypeOf("PHOTO.JPG"), "image/jpeg");
  EXPECT_EQ(ContentTypeOf("a.Woff2"), "font/woff2");
}

TEST(ContentTypeTest, LastEndingCounts) {
  EXPECT_EQ(ContentTypeOf("a.tar.gz"), "application/gzip");
  EXPECT_EQ(ContentTypeOf("a.html.unknown"), "application/octet-stream");
  EXPECT_EQ(ContentTypeOf("dir.html/file"), "application/octet-stream");
}

TEST(ContentTypeTest, UnknownIsBytes) {
  for (const char* name :
       {"", "file", "a.", ".html", "a/.css", "a.htmlx", "a.ht", "a.zzz"}) {
    EXPECT_EQ(ContentTypeOf(name), "application/octet-stream") << name;
  }
}

}  // namespace
}  // namespace cluster::static_files
