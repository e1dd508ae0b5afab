#include "tools/plugin_check/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/loading.h"
#include "tools/plugin_check/report.h"

namespace cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

constexpr auto kUnfit = absl::StatusCode::kFailedPrecondition;

Inspection Inspect(const std::string& path) {
  absl::StatusOr<Inspection> seen = InspectPlugin(DataPath(path));
  EXPECT_TRUE(seen.ok()) << seen.status();
  return seen.ok() ? *std::move(seen) : Inspection();
}

Inspection InspectOdd(const std::string& name) {
  return Inspect("tools/plugin_check/" + name + ".so");
}

TEST(InspectTest, BundledPluginsHaveNoFault) {
  for (const std::string name : {"echo", "hello_http"}) {
    const Inspection seen =
        Inspect(absl::StrCat("plugins/", name, "/", name, ".so"));
    EXPECT_TRUE(seen.verdict.ok()) << seen.verdict;
    EXPECT_THAT(seen.warnings, IsEmpty());
    EXPECT_EQ(seen.info.name, name);
    EXPECT_THAT(seen.exported, ElementsAre("cluster_plugin_entry"));
    EXPECT_THAT(seen.unresolvable, IsEmpty());
    EXPECT_THAT(seen.needed, IsSupersetOf({"libc.so.6"}));
  }
}

TEST(InspectTest, RunsNoCodeOfThePlugin) {
  const std::string trace = testing::TempDir() + "/trace";
  setenv("PLUGIN_TRACE", trace.c_str(), 1);
  const Inspection seen = InspectOdd("with_constructor");
  EXPECT_TRUE(seen.verdict.ok()) << seen.verdict;
  EXPECT_EQ(seen.info.name, "test");
  EXPECT_NE(access(trace.c_str(), F_OK), 0);
  // What loads it leaves the trace.
  LoadForTest("tools/plugin_check/with_constructor.so");
  EXPECT_EQ(access(trace.c_str(), F_OK), 0);
}

TEST(InspectTest, WarnsOfFurtherExports) {
  const Inspection seen = InspectOdd("exports_more");
  EXPECT_TRUE(seen.verdict.ok()) << seen.verdict;
  EXPECT_THAT(seen.exported, IsSupersetOf({"cluster_plugin_entry", "more"}));
  ASSERT_FALSE(seen.warnings.empty());
  EXPECT_THAT(seen.warnings.front(), HasSubstr("exports more than "));
  EXPECT_THAT(seen.warnings.front(), HasSubstr("more"));
}

TEST(InspectTest, RefusesImportsFromTheHost) {
  const Inspection seen = InspectOdd("imports_host");
  EXPECT_THAT(seen.unresolvable, ElementsAre("cluster_host_function"));
  EXPECT_EQ(seen.verdict.code(), kUnfit);
  EXPECT_THAT(std::string(seen.verdict.message()),
              HasSubstr("imports what nothing gives: cluster_host_function; "));
  EXPECT_FALSE(TryLoad("tools/plugin_check/imports_host.so").ok());
}

TEST(InspectTest, RefusesServicesThatThisHostHasNot) {
  const Inspection seen = InspectOdd("wants_tea");
  EXPECT_EQ(seen.verdict.code(), kUnfit);
  EXPECT_THAT(std::string(seen.verdict.message()),
              HasSubstr("needs what this host does not offer: cluster.tea/1"));
}

TEST(InspectTest, RefusalOfADraftNamesTheFlag) {
  const Inspection seen = InspectOdd("wants_draft");
  EXPECT_EQ(seen.verdict.code(), kUnfit);
  EXPECT_THAT(std::string(seen.verdict.message()),
              HasSubstr("cluster.x-draft.tea/1; a draft is there only with "
                        "--allow_draft"));
}

TEST(InspectTest, PluginWithoutNoteIsStillRead) {
  const Inspection seen = InspectOdd("without_note");
  EXPECT_TRUE(seen.verdict.ok()) << seen.verdict;
  EXPECT_FALSE(seen.info.has_note);
  EXPECT_EQ(seen.info.abi_minor, CLUSTER_ABI_MINOR);
  EXPECT_THAT(seen.warnings, testing::Contains(HasSubstr("has no note")));
  EXPECT_THAT(FormatTable(seen), HasSubstr("\nname         unknown\n"));
}

TEST(InspectTest, WhatIsNoPluginHasAReason) {
  EXPECT_EQ(InspectPlugin("/nowhere.so").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(InspectPlugin("/").status().message()),
              HasSubstr("is a directory"));
  EXPECT_THAT(std::string(InspectPlugin("/proc/self/exe").status().message()),
              HasSubstr("is an executable"));
  const std::string fifo = testing::TempDir() + "/fifo.so";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(std::string(InspectPlugin(fifo).status().message()),
              HasSubstr("is not a regular file"));
}

TEST(ReportTest, TextOfAFileDoesNotReachTheTerminalAsItIs) {
  Inspection seen = InspectOdd("without_note");
  seen.path = "\x1b[2J";
  seen.exported = {"a\nb\"\x1b"};
  seen.verdict = absl::FailedPreconditionError("\x1b says why");
  const std::string table = FormatTable(seen);
  EXPECT_THAT(table, HasSubstr("path         ?[2J\n"));
  EXPECT_THAT(table, HasSubstr("exports      a?b\"?\n"));
  const std::string json = FormatJson(seen);
  EXPECT_THAT(json, HasSubstr("\"exported\":[\"a\\u000ab\\\"\\u001b\"]"));
  EXPECT_THAT(
      json, HasSubstr("\"compatible\":false,\"reason\":\"\\u001b says why\""));
}

TEST(ReportTest, TableShowsTheBeginningOfALongList) {
  Inspection seen = InspectOdd("exports_more");
  seen.exported.assign(1000, "x");
  EXPECT_THAT(FormatTable(seen),
              HasSubstr("exports      x x x x x x x x x x and 990 more\n"));
}

}  // namespace
}  // namespace cluster
