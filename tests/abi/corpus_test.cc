// Plugins that were built for older ABIs run on the host of today: see
// tests/abi/corpus/README.md.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/plugin_file.h"
#include "plugins/testing/loading.h"
#include "tests/abi/serves.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr char kCorpus[] = "tests/abi/corpus";

std::string FolderOf(uint32_t minor) {
  return absl::StrCat(CLUSTER_ABI_MAJOR, ".", minor);
}

class CorpusTest : public testing::TestWithParam<std::string> {};

TEST_P(CorpusTest, SaysWhatItWasBuiltFor) {
  const auto info = ReadPluginFile(GetParam());
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_TRUE(info->has_note);
  EXPECT_NE(info->compiler, "");
  EXPECT_EQ(absl::StrCat(info->abi_major, ".", info->abi_minor),
            fs::path(GetParam()).parent_path().filename());
}

TEST_P(CorpusTest, Serves) { ExpectServes(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EveryFile,
                         CorpusTest,
                         testing::ValuesIn(PluginsBelow(kCorpus)),
                         [](const auto& info) {
                           return absl::StrCat(
                               info.index, "_", TestNameOf(info.param));
                         });

TEST(CorpusFoldersTest, EveryOlderMinorThatRunsIsThere) {
  for (uint32_t minor = CLUSTER_ABI_OLDEST_MINOR; minor < CLUSTER_ABI_MINOR;
       ++minor) {
    std::set<std::string> plugins;
    std::set<std::string> compilers;
    for (const std::string& path :
         PluginsBelow(absl::StrCat(kCorpus, "/", FolderOf(minor)))) {
      const std::string name = fs::path(path).stem();
      plugins.insert(name.substr(0, name.find('-')));
      compilers.insert(name.substr(name.find('-') + 1));
    }
    std::set<std::string> expected = {"echo", "own_loop", "sdk_echo"};
    if (minor >= 2) expected.insert("services");
    EXPECT_EQ(plugins, expected) << FolderOf(minor);
    EXPECT_GE(compilers.size(), 4u) << FolderOf(minor);
  }
}

TEST(CorpusFoldersTest, NoFolderIsOfAnAbiThatDoesNotRunOrIsNotYet) {
  std::set<std::string> expected;
  for (uint32_t minor = CLUSTER_ABI_OLDEST_MINOR; minor <= CLUSTER_ABI_MINOR;
       ++minor) {
    expected.insert(FolderOf(minor));
  }
  for (const auto& entry : fs::directory_iterator(DataPath(kCorpus))) {
    if (!entry.is_directory()) continue;
    EXPECT_EQ(expected.count(entry.path().filename()), 1u) << entry.path();
  }
}

}  // namespace
}  // namespace cluster
