#include "core/cluster/settings.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cluster {
namespace {

const Settings kAll = {.exec = "/bin/a",
                       .plugin = "a.so",
                       .args = {{"1"}},
                       .exec_args = {{"2"}},
                       .cwd = "/tmp",
                       .silent = true,
                       .stdio = {{Stdio::pipe(), Stdio::fd(7)}},
                       .uid = 1,
                       .gid = 2,
                       .serialization = Serialization::kJson};

TEST(SettingsTest, NothingChangesNothing) {
  EXPECT_EQ(Merge(kAll, {}), kAll);
  EXPECT_EQ(Merge({}, {}), Settings());
}

TEST(SettingsTest, EveryMemberIsTaken) { EXPECT_EQ(Merge({}, kAll), kAll); }

TEST(SettingsTest, WhatIsNotMentionedStays) {
  Settings expected = kAll;
  expected.args = {"x", "y"};
  expected.silent = false;
  EXPECT_EQ(Merge(kAll, {.args = {{"x", "y"}}, .silent = false}), expected);
}

TEST(SettingsTest, EmptyListIsAValue) {
  const Settings merged = Merge(kAll, {.args = std::vector<std::string>()});
  EXPECT_TRUE(merged.args->empty());
}

}  // namespace
}  // namespace cluster
