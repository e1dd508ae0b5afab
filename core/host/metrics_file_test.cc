#include "core/host/metrics_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

class MetricsFileTest : public ::testing::Test {
 protected:
  MetricsFileTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  std::string Contents() const {
    std::ifstream file(path_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  size_t Files() const {
    return std::distance(fs::directory_iterator(folder_), {});
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "metrics";
  const fs::path path_ = folder_ / "x.prom";
  boost::asio::io_context io_{1};
  int writes_ = 0;
  int troubles_ = 0;
  MetricsFile file_{io_,
                    path_.string(),
                    [this] { return "n " + std::to_string(++writes_) + "\n"; },
                    [this](const absl::Status&) { ++troubles_; }};
};

TEST_F(MetricsFileTest, OneFileIsThereAndIsReplaced) {
  ASSERT_TRUE(file_.Write().ok());
  std::ifstream old(path_);
  ASSERT_TRUE(file_.Write().ok());
  EXPECT_EQ(Contents(), "n 2\n");
  std::string line;
  std::getline(old, line);
  EXPECT_EQ(line, "n 1") << "who reads the old one is not disturbed";
  EXPECT_EQ(Files(), 1u);
}

TEST_F(MetricsFileTest, WritesEveryInterval) {
  file_.WriteEvery(absl::Milliseconds(1));
  while (writes_ < 3) io_.run_one();
  EXPECT_EQ(Contents(), "n 3\n");
}

TEST_F(MetricsFileTest, TroubleIsToldOnceAndEnds) {
  fs::remove_all(folder_);
  EXPECT_FALSE(file_.Write().ok());
  file_.WriteEvery(absl::Milliseconds(1));
  while (writes_ < 4) io_.run_one();
  EXPECT_EQ(troubles_, 1);
  fs::create_directories(folder_);
  const int before = writes_;
  while (writes_ < before + 2) io_.run_one();
  EXPECT_EQ(Contents(), "n " + std::to_string(writes_) + "\n");
  EXPECT_EQ(troubles_, 1);
}

TEST_F(MetricsFileTest, FolderInItsPlaceIsTroubleAndLeavesNothing) {
  fs::create_directory(path_);
  EXPECT_FALSE(file_.Write().ok());
  EXPECT_EQ(Files(), 1u);
}

TEST_F(MetricsFileTest, WhatIsNoFileIsNotReplaced) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(file_.Write()));
  EXPECT_TRUE(fs::is_fifo(path_));
  EXPECT_EQ(Files(), 1u);
}

// To open one waits for whoever reads it.
TEST_F(MetricsFileTest, FifoBesideItIsTroubleAndStays) {
  const fs::path beside = path_.string() + ".new";
  ASSERT_EQ(mkfifo(beside.c_str(), 0600), 0);
  const absl::Status status = file_.Write();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_NE(status.message().find(beside.string()), std::string::npos);
  EXPECT_TRUE(fs::is_fifo(beside));
}

TEST_F(MetricsFileTest, WhatAKilledHostLeftBesideItIsReplaced) {
  const fs::path beside = path_.string() + ".new";
  std::ofstream(beside) << "n half";
  ASSERT_TRUE(file_.Write().ok());
  EXPECT_EQ(Contents(), "n 1\n");
  EXPECT_EQ(Files(), 1u);
}

}  // namespace
}  // namespace cluster
