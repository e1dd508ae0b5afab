#include "plugins/static_files/served_root.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cluster::static_files {
namespace {

namespace fs = std::filesystem;
using Kind = Opened::Kind;

class ServedRootTest : public testing::Test {
 protected:
  ServedRootTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "root/sub");
    Write("root/a.txt", "inside");
    Write("root/sub/b.txt", "below");
    Write("secret.txt", "outside");
  }
  ~ServedRootTest() override { fs::remove_all(folder_); }

  void Write(const std::string& path, const std::string& text) {
    std::ofstream(folder_ / path) << text;
  }

  void Link(const std::string& name, const std::string& to) {
    fs::create_symlink(to, folder_ / "root" / name);
  }

  ServedRoot Root() { return *ServedRoot::At(folder_ / "root"); }

  static std::string Text(const Opened& opened) {
    char text[64];
    const ssize_t size = read(opened.fd.fd(), text, sizeof(text));
    return std::string(text, size < 0 ? 0 : size);
  }

  const fs::path folder_ = fs::path(testing::TempDir()) /
                           ("served_root_" + std::to_string(getpid()));
};

TEST_F(ServedRootTest, OpensFiles) {
  const Opened opened = Root().Open("sub/b.txt");
  EXPECT_EQ(opened.kind, Kind::kFile);
  EXPECT_EQ(opened.size(), 5u);
  EXPECT_EQ(Text(opened), "below");
}

TEST_F(ServedRootTest, OpensDirectories) {
  EXPECT_EQ(Root().Open("").kind, Kind::kDirectory);
  EXPECT_EQ(Root().Open("sub").kind, Kind::kDirectory);
}

TEST_F(ServedRootTest, WhatIsNotThereIs404) {
  for (const std::string& path : {std::string("x"),
                                  std::string("a.txt/x"),
                                  std::string(300, 'x'),
                                  std::string(5000, 'x')}) {
    EXPECT_EQ(Root().Open(path).refusal, 404) << path;
  }
}

TEST_F(ServedRootTest, WayUpIs403) {
  // The kernel's own check: RequestPath leaves no such path.
  EXPECT_EQ(Root().Open("../secret.txt").refusal, 403);
  EXPECT_EQ(Root().Open("sub/../../secret.txt").refusal, 403);
  EXPECT_EQ(Root().Open("/etc/passwd").refusal, 403);
}

TEST_F(ServedRootTest, LinksInsideAreFollowed) {
  Link("file", "sub/b.txt");
  Link("sub/up", "../a.txt");
  Link("folder", "sub");
  EXPECT_EQ(Text(Root().Open("file")), "below");
  EXPECT_EQ(Text(Root().Open("sub/up")), "inside");
  EXPECT_EQ(Text(Root().Open("folder/b.txt")), "below");
}

TEST_F(ServedRootTest, LinksThatLeadOutAre403) {
  Link("out", "../secret.txt");
  Link("absolute", folder_ / "secret.txt");
  Link("absolute_inside", folder_ / "root/a.txt");
  Link("parent", "..");
  EXPECT_EQ(Root().Open("out").refusal, 403);
  EXPECT_EQ(Root().Open("absolute").refusal, 403);
  EXPECT_EQ(Root().Open("absolute_inside").refusal, 403);
  EXPECT_EQ(Root().Open("parent/secret.txt").refusal, 403);
}

TEST_F(ServedRootTest, LinksToNothingAre404) {
  Link("dangling", "nothing");
  Link("loop", "loop");
  EXPECT_EQ(Root().Open("dangling").refusal, 404);
  EXPECT_EQ(Root().Open("loop").refusal, 404);
}

TEST_F(ServedRootTest, FifosAndSocketsAreNotWaitedFor) {
  ASSERT_EQ(mkfifo((folder_ / "root/fifo").c_str(), 0600), 0);
  EXPECT_EQ(Root().Open("fifo").refusal, 404);
  // By a short relative name, which is what fits a socket's address.
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "root");
  const sdk::Descriptor listener(socket(AF_UNIX, SOCK_STREAM, 0));
  const sockaddr_un address = {AF_UNIX, "socket"};
  EXPECT_EQ(bind(listener.fd(),
                 reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)),
            0);
  fs::current_path(before);
  EXPECT_EQ(Root().Open("socket").refusal, 404);
}

TEST_F(ServedRootTest, DevicesAre404) {
  sdk::Result<ServedRoot> dev = ServedRoot::At("/dev");
  ASSERT_TRUE(dev.ok());
  EXPECT_EQ(dev->Open("zero").refusal, 404);
}

TEST_F(ServedRootTest, FilesThatMayNotBeReadAre403) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  fs::permissions(folder_ / "root/a.txt", fs::perms::none);
  EXPECT_EQ(Root().Open("a.txt").refusal, 403);
}

TEST_F(ServedRootTest, OutOfDescriptorsIs503) {
  const ServedRoot root = Root();
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none = {0, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const Opened opened = root.Open("a.txt");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(opened.refusal, 503);
  EXPECT_EQ(root.Open("a.txt").kind, Kind::kFile);
}

TEST_F(ServedRootTest, RootThatIsRenamedIsStillServed) {
  const ServedRoot root = Root();
  fs::rename(folder_ / "root", folder_ / "moved");
  EXPECT_EQ(Text(root.Open("a.txt")), "inside");
}

TEST_F(ServedRootTest, RootMustBeADirectory) {
  const std::string missing = folder_ / "nothing";
  const sdk::Status status = ServedRoot::At(missing).status();
  EXPECT_EQ(status.code(), CLUSTER_E_CONFIG);
  EXPECT_EQ(status.message(),
            "cannot serve root=" + missing + ": No such file or directory");
  const std::string file = folder_ / "root/a.txt";
  EXPECT_EQ(ServedRoot::At(file).status().message(),
            "cannot serve root=" + file + ": Not a directory");
}

TEST_F(ServedRootTest, NothingStaysOpen) {
  const auto count = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = count();
  for (const char* path : {"a.txt", "sub", "x", "../secret.txt"}) {
    Root().Open(path);
  }
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace cluster::static_files
