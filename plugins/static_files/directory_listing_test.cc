#include "plugins/static_files/directory_listing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cluster::static_files {
namespace {

namespace fs = std::filesystem;

class DirectoryListingTest : public testing::Test {
 protected:
  DirectoryListingTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~DirectoryListingTest() override { fs::remove_all(folder_); }

  void Make(const std::string& name) { std::ofstream(folder_ / name) << "x"; }

  std::string List(std::string_view path) {
    const int fd = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::optional<std::string> page = ListDirectory(fd, path);
    EXPECT_EQ(page, ListDirectory(fd, path));  // reads from the start again
    close(fd);
    return page.value_or("none");
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) / ("listing_" + std::to_string(getpid()));
};

TEST_F(DirectoryListingTest, NamesAreSortedAndFoldersHaveASlash) {
  Make("b");
  Make("a.txt");
  fs::create_directory(folder_ / "c");
  fs::create_symlink("c", folder_ / "d");
  EXPECT_EQ(List("x/y"),
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
            "<title>/x/y/</title></head>\n<body><h1>/x/y/</h1>\n<ul>\n"
            "<li><a href=\"../\">../</a>\n"
            "<li><a href=\"./a.txt\">a.txt</a>\n"
            "<li><a href=\"./b\">b</a>\n"
            "<li><a href=\"./c/\">c/</a>\n"
            "<li><a href=\"./d/\">d/</a>\n"
            "</ul>\n</body></html>\n");
}

TEST_F(DirectoryListingTest, RootHasNoWayUp) {
  EXPECT_EQ(List("").find("../"), std::string::npos);
  EXPECT_NE(List("").find("<title>/</title>"), std::string::npos);
}

TEST_F(DirectoryListingTest, NamesAreNoMarkup) {
  Make("<script>\"'&");
  Make("javascript:alert(1)");
  const std::string page = List("<b>");
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find("<a href=\"./%3Cscript%3E%22%27%26\">"
                      "&lt;script&gt;&quot;&#39;&amp;</a>"),
            std::string::npos);
  EXPECT_NE(page.find("href=\"./javascript%3Aalert%281%29\""),
            std::string::npos);
}

TEST_F(DirectoryListingTest, HiddenNamesAreLeftOut) {
  Make(".secret");
  EXPECT_EQ(List("").find("secret"), std::string::npos);
}

TEST_F(DirectoryListingTest, LongListsAreCut) {
  for (size_t i = 0; i < kMaxListed; ++i) Make(std::to_string(i));
  EXPECT_EQ(List("").find("There are more."), std::string::npos);
  Make("one more");
  const std::string page = List("");
  EXPECT_NE(page.find("There are more."), std::string::npos);
  size_t names = 0;
  for (size_t at = 0; (at = page.find("<li>", at)) != std::string::npos; ++at) {
    ++names;
  }
  EXPECT_EQ(names, kMaxListed);
}

TEST_F(DirectoryListingTest, WhatIsNoDirectoryHasNone) {
  Make("file");
  const int fd = open((folder_ / "file").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(ListDirectory(fd, ""), std::nullopt);
  close(fd);
}

}  // namespace
}  // namespace cluster::static_files
