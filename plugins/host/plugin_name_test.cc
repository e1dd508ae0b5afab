#include "plugins/host/plugin_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "core/base/errno_status.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class PluginNameTest : public testing::Test {
 protected:
  PluginNameTest() : root_(fs::path(testing::TempDir()) / "plugin_name_test") {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }

  std::string Make(const std::string& path) {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "x";
    return file.string();
  }

  std::string Dir(const std::string& path) { return (root_ / path).string(); }

  const fs::path root_;
};

TEST_F(PluginNameTest, BareNameIsBundledPlugin) {
  const std::string path = Make("b/plugins/echo/echo.so");
  EXPECT_EQ(*FindPlugin("echo", {Dir("a"), Dir("b")}, "/"), path);
}

TEST_F(PluginNameTest, FirstDirectoryWins) {
  const std::string path = Make("a/plugins/echo/echo.so");
  Make("b/plugins/echo/echo.so");
  EXPECT_EQ(*FindPlugin("echo", {Dir("a"), Dir("b")}, "/"), path);
}

TEST_F(PluginNameTest, PathStartsAtWorkingDirectory) {
  const std::string path = Make("work/sub/mine.so");
  EXPECT_EQ(*FindPlugin("mine.so", {}, Dir("work/sub")), path);
  EXPECT_EQ(*FindPlugin("./sub/./mine.so", {}, Dir("work")), path);
  EXPECT_EQ(*FindPlugin(path, {}, "/"), path);
}

// As the shell and the kernel see it: what is above is above the link's target.
TEST_F(PluginNameTest, WhatIsAboveALinkIsAboveItsTarget) {
  Make("work/mine.so");
  const std::string above = Make("far/mine.so");
  fs::create_directory(Dir("far/sub"));
  fs::create_directory_symlink(Dir("far/sub"), Dir("work/link"));
  const std::string found = *FindPlugin("link/../mine.so", {}, Dir("work"));
  EXPECT_TRUE(fs::equivalent(found, above)) << found;
}

// Not by permissions, which root does not need.
TEST_F(PluginNameTest, FileThatCannotBeLookedAtIsNotSaidToBeMissing) {
  fs::create_directory_symlink(Dir("loop"), Dir("loop"));
  const absl::Status status = FindPlugin("loop/mine.so", {}, Dir("")).status();
  EXPECT_EQ(ErrnoOf(status), ELOOP);
  EXPECT_THAT(std::string(status.message()), HasSubstr("loop/mine.so"));
}

TEST_F(PluginNameTest, UnknownNameListsTheBundled) {
  Make("a/plugins/hello_http/hello_http.so");
  Make("a/plugins/echo/echo.so");
  Make("b/plugins/echo/echo.so");
  Make("b/plugins/sdk/worker.h");
  const PluginDirs dirs = {Dir("a"), Dir("b"), Dir("none")};
  EXPECT_THAT(ListBundledPlugins(dirs), ElementsAre("echo", "hello_http"));
  const absl::Status status = FindPlugin("ecco", dirs, "/").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "no bundled plugin is called \"ecco\": did you mean \"echo\"? "
            "(write ./ecco.so for a file of your own); bundled plugins: echo, "
            "hello_http");
  EXPECT_EQ(FindPlugin("nothing", dirs, "/").status().message(),
            "no bundled plugin is called \"nothing\" (write ./nothing.so for a "
            "file of your own); bundled plugins: echo, hello_http");
}

TEST_F(PluginNameTest, MissingFileIsNamed) {
  const absl::Status status = FindPlugin("x/y.so", {}, "/srv").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "plugin /srv/x/y.so does not exist; no plugins are bundled with "
            "this host");
}

TEST_F(PluginNameTest, EmptyNameIsInvalid) {
  EXPECT_EQ(FindPlugin("", {}, "/").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(PluginNameTest, LooksBesideTheBinary) {
  EXPECT_THAT(BundledPluginDirs("/b/core/host/host", "/r"),
              ElementsAre("/b/core/host/host.runfiles/cluster",
                          "/r/cluster",
                          "/b/core/lib/cluster",
                          "/b/core/host",
                          "/b/core",
                          "/b"));
  EXPECT_THAT(BundledPluginDirs("/usr/bin/cluster", ""),
              testing::Contains("/usr/lib/cluster"));
}

TEST_F(PluginNameTest, FindsWhatThisProgramBrings) {
  EXPECT_TRUE(FindPlugin("echo", BundledPluginDirs(), "/").ok());
}

}  // namespace
}  // namespace cluster
