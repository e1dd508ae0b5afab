#include "core/base/cpu_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(QuotaOfV2Test, ReadsCpuMax) {
  EXPECT_EQ(QuotaOfV2("max 100000\n"), std::nullopt);
  EXPECT_EQ(QuotaOfV2("150000 100000\n"), 1.5);
  EXPECT_EQ(QuotaOfV2("50000 100000"), 0.5);
}

TEST(QuotaOfV2Test, WhatCannotBeReadIsNoLimit) {
  for (absl::string_view text :
       {"", "\n", "100000", "x y", "-5 100000", "100000 0", "1 2 3"}) {
    EXPECT_EQ(QuotaOfV2(text), std::nullopt) << text;
  }
}

TEST(QuotaOfV1Test, MinusOneIsNoLimit) {
  EXPECT_EQ(QuotaOfV1("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(QuotaOfV1("400000\n", "100000\n"), 4.0);
  EXPECT_EQ(QuotaOfV1("", ""), std::nullopt);
}

TEST(CombineCpuLimitsTest, TakesTheLeastRoundedUp) {
  EXPECT_EQ(CombineCpuLimits(8, {}), 8);
  EXPECT_EQ(CombineCpuLimits(8, {1.5}), 2);
  EXPECT_EQ(CombineCpuLimits(8, {4.0, 2.0, 16.0}), 2);
  EXPECT_EQ(CombineCpuLimits(2, {64.0}), 2);
}

TEST(CombineCpuLimitsTest, IsNeverBelowOne) {
  EXPECT_EQ(CombineCpuLimits(8, {0.1}), 1);
  EXPECT_EQ(CombineCpuLimits(0, {}), 1);
}

TEST(FindCpuCgroupsTest, V2WalksUpToTheMount) {
  const CpuCgroups found = FindCpuCgroups("0::/a.slice/b.scope\n", "/m");
  EXPECT_THAT(found.v2, ElementsAre("/m/a.slice/b.scope", "/m/a.slice", "/m"));
  EXPECT_THAT(found.v1, IsEmpty());
}

TEST(FindCpuCgroupsTest, V1TakesTheCpuControllerOnly) {
  const CpuCgroups found = FindCpuCgroups(
      "9:name=systemd:/\n4:cpuset:/x\n3:cpu,cpuacct:/y\n2:memory:/z\n", "/m");
  EXPECT_THAT(found.v1, ElementsAre("/m/cpu/y", "/m/cpu"));
  EXPECT_THAT(found.v2, IsEmpty());
}

TEST(FindCpuCgroupsTest, PathMayHoldColons) {
  EXPECT_THAT(FindCpuCgroups("0::/a:b", "/m").v2, ElementsAre("/m/a:b", "/m"));
}

TEST(FindCpuCgroupsTest, NonsenseFindsNothing) {
  const CpuCgroups found = FindCpuCgroups("\n0\n0::\n0::relative\n:::\n", "/m");
  EXPECT_THAT(found.v1, IsEmpty());
  EXPECT_THAT(found.v2, IsEmpty());
}

// All the CPUs there are, and one where the file `path` has `text`.
void ExpectOneCpuBy(const std::string& cgroup,
                    const std::string& path,
                    const std::string& text) {
  const std::filesystem::path mount =
      std::filesystem::path(testing::TempDir()) / "cpu_count_test";
  std::filesystem::remove_all(mount);
  cpu_set_t mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof(mask), &mask), 0);
  EXPECT_EQ(AvailableCpus(cgroup, mount.string()), CPU_COUNT(&mask));
  std::filesystem::create_directories((mount / path).parent_path());
  std::ofstream(mount / path) << text;
  std::ofstream(mount / "cpu/a/cpu.cfs_period_us") << "100000\n";
  EXPECT_EQ(AvailableCpus(cgroup, mount.string()), 1) << path;
}

// On a machine with one CPU this shows nothing.
TEST(AvailableCpusTest, QuotasOfAllGroupsAboveCount) {
  ExpectOneCpuBy("0::/a/b\n", "a/b/cpu.max", "50000 100000\n");
  ExpectOneCpuBy("0::/a/b\n", "a/cpu.max", "100000 100000\n");
  ExpectOneCpuBy("0::/a/b\n", "cpu.max", "100000 100000\n");
  ExpectOneCpuBy("3:cpu:/a\n", "cpu/a/cpu.cfs_quota_us", "100000\n");
}

TEST(AvailableCpusTest, IsWithinTheAffinityMask) {
  cpu_set_t mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof(mask), &mask), 0);
  EXPECT_GE(AvailableCpus(), 1);
  EXPECT_LE(AvailableCpus(), CPU_COUNT(&mask));
}

}  // namespace
}  // namespace cluster
