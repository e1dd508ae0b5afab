#include "plugins/static_files/request_path.h"

#include <gtest/gtest.h>

#include <random>

namespace cluster::static_files {
namespace {

// "path", with a slash at its end if it names a directory, or "!status".
std::string Parse(std::string_view target) {
  const RequestPath path = ParseTarget(target);
  if (path.refusal != 0) return "!" + std::to_string(path.refusal);
  return path.path + (path.names_directory ? "/" : "");
}

TEST(RequestPathTest, PlainPaths) {
  EXPECT_EQ(Parse("/"), "/");
  EXPECT_EQ(Parse("/a"), "a");
  EXPECT_EQ(Parse("/a/"), "a/");
  EXPECT_EQ(Parse("/a/b.txt"), "a/b.txt");
  EXPECT_EQ(Parse("/..."), "...");
  EXPECT_EQ(Parse("/.hidden/..x"), ".hidden/..x");
}

TEST(RequestPathTest, SegmentsThatSayNothingGo) {
  EXPECT_EQ(Parse("//a///b//"), "a/b/");
  EXPECT_EQ(Parse("/./a/./b"), "a/b");
  EXPECT_EQ(Parse("/a/."), "a/");
  EXPECT_EQ(Parse("/a/b/.."), "a/");
  EXPECT_EQ(Parse("/a/../b"), "b");
  EXPECT_EQ(Parse("/a/b/../../c"), "c");
  EXPECT_EQ(Parse("/a/.."), "/");
}

TEST(RequestPathTest, WayOutIsRefused) {
  for (const char* target : {"/..",
                             "/../",
                             "/../etc/passwd",
                             "/a/../../etc/passwd",
                             "/a/../../top/a",
                             "/%2e%2e/etc/passwd",
                             "/%2E%2E%2Fetc%2Fpasswd",
                             "/a%2f..%2f..%2fetc/passwd",
                             "/.%2e/x",
                             "//../x",
                             "/./../x",
                             "http://host/../x"}) {
    EXPECT_EQ(Parse(target), "!403") << target;
  }
}

TEST(RequestPathTest, DecodesOnce) {
  EXPECT_EQ(Parse("/a%20b"), "a b");
  EXPECT_EQ(Parse("/%e2%82%AC"), "\xe2\x82\xac");
  EXPECT_EQ(Parse("/a%2Fb"), "a/b");
  EXPECT_EQ(Parse("/%252e%252e/x"), "%2e%2e/x");
  EXPECT_EQ(Parse("/a%5cb"), "a\\b");
  EXPECT_EQ(Parse("/a+b"), "a+b");
  EXPECT_EQ(Parse("/%3f%23"), "?#");
  EXPECT_EQ(Parse("/a%0d%0ab"), "a\r\nb");
}

TEST(RequestPathTest, BrokenEncodingIsRefused) {
  for (const char* target :
       {"/%", "/%2", "/%g0", "/%0g", "/a%2", "/%%20", "/% 20", "/%+1"}) {
    EXPECT_EQ(Parse(target), "!400") << target;
  }
}

TEST(RequestPathTest, NulIsRefused) {
  EXPECT_EQ(Parse("/a%00.txt"), "!400");
  EXPECT_EQ(Parse(std::string_view("/a\0b", 4)), "!400");
}

TEST(RequestPathTest, CharactersThatMustBeEncodedAreRefused) {
  for (const char* target :
       {"/..\\x", "/a\\..\\b", "/a#b", "/a b", "/a\tb", "/a\x7f"}) {
    EXPECT_EQ(Parse(target), "!400") << target;
  }
  EXPECT_EQ(Parse("/\xc3\xa4"), "\xc3\xa4");  // sent by browsers of old
}

TEST(RequestPathTest, QueryIsSetApart) {
  EXPECT_EQ(ParseTarget("/a?b=/../c%zz?").path, "a");
  EXPECT_EQ(ParseTarget("/a?b=/../c%zz?").query, "?b=/../c%zz?");
  EXPECT_EQ(ParseTarget("/?").query, "?");
  EXPECT_EQ(ParseTarget("/a").query, "");
}

TEST(RequestPathTest, AbsoluteFormIsThePath) {
  EXPECT_EQ(Parse("http://host/a/b"), "a/b");
  EXPECT_EQ(Parse("HTTP://host:80/a?b"), "a");
  EXPECT_EQ(Parse("https://user@[::1]:80/"), "/");
  EXPECT_EQ(Parse("http://host"), "/");
  EXPECT_EQ(ParseTarget("http://host?x/y").query, "?x/y");
}

TEST(RequestPathTest, OtherFormsAreRefused) {
  for (const char* target : {"",
                             "a",
                             "*",
                             "host:80",
                             "?",
                             "../x",
                             "ftp://host/a",
                             "file:///etc/passwd",
                             "http:///etc/passwd",
                             "http://",
                             "://host/"}) {
    EXPECT_EQ(Parse(target), "!400") << target;
  }
}

TEST(RequestPathTest, TooLongIsRefused) {
  EXPECT_EQ(Parse("/" + std::string(kMaxTargetBytes - 1, 'a')).size(),
            kMaxTargetBytes - 1);
  EXPECT_EQ(Parse("/" + std::string(kMaxTargetBytes, 'a')), "!414");
}

TEST(RequestPathTest, EncodingIsUndoneByParsing) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(ParseTarget("/" + EncodeSegment("x" + all)).path, "x" + all);
  EXPECT_EQ(EncodePath("a b/\"<c>"), "a%20b/%22%3Cc%3E");
  EXPECT_EQ(EncodeSegment("a/b:c\r\n"), "a%2Fb%3Ac%0D%0A");
}

// Whatever is asked, nothing that leads up is left.
TEST(RequestPathTest, ParsedPathsHaveNoDotSegments) {
  const std::string_view pieces[] = {
      "/", ".", "..", "%2e", "%2F", "a", "%", "\\", "?", "%00", "//", "%5c"};
  std::mt19937 random(1);
  int passed = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string target = "/";
    for (unsigned n = random() % 8; n > 0; --n) {
      target += pieces[random() % std::size(pieces)];
    }
    const RequestPath path = ParseTarget(target);
    if (path.refusal != 0) continue;
    ++passed;
    const std::string bounded = "/" + path.path + "/";
    if (path.path.empty()) continue;
    EXPECT_EQ(bounded.find("//"), std::string::npos) << target;
    EXPECT_EQ(bounded.find("/./"), std::string::npos) << target;
    EXPECT_EQ(bounded.find("/../"), std::string::npos) << target;
    EXPECT_EQ(bounded.find('\0'), std::string::npos) << target;
  }
  EXPECT_GT(passed, 1000);
}

}  // namespace
}  // namespace cluster::static_files
