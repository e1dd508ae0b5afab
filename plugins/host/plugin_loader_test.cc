#include "plugins/host/plugin_loader.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr auto kUnfit = absl::StatusCode::kFailedPrecondition;

void ExpectUnfit(const absl::StatusOr<LoadedPlugin>& plugin,
                 const std::string& message_part) {
  EXPECT_EQ(plugin.status().code(), kUnfit);
  EXPECT_NE(std::string(plugin.status().message()).find(message_part),
            std::string::npos)
      << plugin.status();
}

absl::StatusOr<LoadedPlugin> TryTestPlugin(const std::string& name) {
  return TryLoad("plugins/host/" + name + ".so");
}

TEST(PluginLoaderTest, LoadsPlugins) {
  const auto echo = TryLoad("plugins/echo/echo.so");
  ASSERT_TRUE(echo.ok()) << echo.status();
  EXPECT_STREQ(echo->entry.name, "echo");
  EXPECT_EQ(echo->table.size, sizeof(cluster_worker_plugin));
  EXPECT_NE(echo->table.drain, nullptr);
  EXPECT_EQ(echo->table.run, nullptr);
  const auto http = TryLoad("plugins/hello_http/hello_http.so");
  ASSERT_TRUE(http.ok()) << http.status();
  EXPECT_STREQ(http->entry.name, "hello_http");
  EXPECT_NE(http->table.run, nullptr);
}

TEST(PluginLoaderTest, LoadsPinnedFileThoughPathHasAnother) {
  const fs::path path = fs::path(testing::TempDir()) / "pinned.so";
  fs::copy_file(DataPath("plugins/echo/echo.so"), path);
  const int pinned = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const fs::path next = path.string() + ".next";
  fs::copy_file(DataPath("plugins/hello_http/hello_http.so"), next);
  fs::rename(next, path);

  const auto old = LoadPlugin(pinned, path.string(), kEveryService);
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_STREQ(old->entry.name, "echo");
  const int current = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto now = LoadPlugin(current, path.string(), kEveryService);
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_STREQ(now->entry.name, "hello_http");
}

TEST(PluginLoaderTest, PathWithoutSlashIsNotSearchedFor) {
  fs::copy_file(DataPath("plugins/echo/echo.so"),
                fs::current_path() / "bare.so",
                fs::copy_options::overwrite_existing);
  const int fd = open("bare.so", O_RDONLY | O_CLOEXEC);
  EXPECT_TRUE(LoadPlugin(fd, "bare.so", kEveryService).ok());
}

TEST(PluginLoaderTest, NamesWhatIsMissing) {
  ExpectUnfit(TryTestPlugin("no_create"),
              "no_create.so has no function create in its table");
  ExpectUnfit(TryTestPlugin("no_on_connection"),
              "has no function on_connection in its table");
  ExpectUnfit(
      TryTestPlugin("no_table_size"),
      "malformed table of functions: its size is 0 bytes, where 64 to 65536 "
      "are possible");
  ExpectUnfit(TryTestPlugin("short_table"),
              "malformed table of functions: its size is 32 bytes");
  ExpectUnfit(TryTestPlugin("odd_services"),
              "needs what this host does not offer: cluster.tea/1, "
              "cluster.coffee/2 (it offers cluster.loop/1, ");
}

TEST(PluginLoaderTest, SaysWhatThePluginCouldUse) {
  cluster_plugin_entry_t entry = LoadForTest("plugins/echo/echo.so").entry;
  EXPECT_EQ(DescribeMissing(entry, kEveryService), "");
  const char* const wishes[] = {
      CLUSTER_SERVICE_LOOP_V1, "cluster.milk/1", "cluster.tea/2", nullptr};
  entry.optional_services = wishes;
  EXPECT_EQ(DescribeMissing(entry, kEveryService),
            "this host does not offer cluster.milk/1, cluster.tea/2");
  entry.abi_minor = 77;
  EXPECT_EQ(DescribeMissing(entry, kEveryService),
            "it was built for plugin ABI 0.77, and this host speaks 0.2; this "
            "host does not offer cluster.milk/1, cluster.tea/2");
}

TEST(PluginLoaderTest, DraftIsRefusedByALineThatNamesTheFlag) {
  static constexpr char kDraft[] = "cluster.x-draft.tea/1";
  cluster_plugin_entry_t entry = LoadForTest("plugins/echo/echo.so").entry;
  const char* const wishes[] = {kDraft, nullptr};
  entry.required_services = wishes;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService),
              "needs what this host does not offer: cluster.x-draft.tea/1; a "
              "draft is there only with --allow_draft, and on a host that has "
              "it (it offers ");
  const absl::string_view offered[] = {kDraft};
  EXPECT_TRUE(AdoptEntry(&entry, "mine", offered).ok());
  entry.optional_services = wishes;
  EXPECT_NE(DescribeMissing(entry, kEveryService).find("--allow_draft"),
            std::string::npos);
}

TEST(PluginLoaderTest, GivesTheLoadersReason) {
  const std::string path = testing::TempDir() + "/text.so";
  std::ofstream(path) << "this is text";
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ExpectUnfit(LoadPlugin(fd.get(), path, kEveryService),
              "text.so cannot be loaded: ");
  ExpectUnfit(TryTestPlugin("undefined_symbol"), "nobody_defines_this");
}

TEST(PluginLoaderTest, SharedObjectWithoutEntryIsNoPlugin) {
  const std::string libm = "/lib/x86_64-linux-gnu/libm.so.6";
  const UniqueFd fd(open(libm.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) GTEST_SKIP() << "no " << libm;
  ExpectUnfit(LoadPlugin(fd.get(), libm, kEveryService),
              "exports no cluster_plugin_entry");
}

TEST(PluginLoaderTest, AdoptsCompiledInEntry) {
  const LoadedPlugin echo = LoadForTest("plugins/echo/echo.so");
  cluster_plugin_entry_t entry = echo.entry;
  EXPECT_TRUE(AdoptEntry(&entry, "mine", kEveryService).ok());
  ExpectUnfit(AdoptEntry(nullptr, "mine", kEveryService), "mine has no entry");
  ExpectUnfit(AdoptEntry(&entry, "mine", {}), "cluster.loop/1");
  entry.table = nullptr;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService), "has no table");
  entry = echo.entry;
  entry.abi_major = 9;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService), "needs plugin ABI 9.");
  entry = echo.entry;
  entry.magic = 0x1234;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService),
              "mine is not a cluster plugin: its entry starts with 0x1234 in "
              "place of the magic number 0x");
  entry = echo.entry;
  entry.size = 8;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService),
              "mine has a malformed entry: its size is 8 bytes, where 72 to "
              "65536 are possible");
  entry.size = UINT32_MAX;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService), "malformed");
  cluster_worker_plugin table = echo.table;
  table.size = UINT32_MAX;
  entry = echo.entry;
  entry.table = &table;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService),
              "its size is 4294967295 bytes");
}

// The first version of the ABI is the least, whatever is added to it.
TEST(PluginLoaderTest, AdoptsEntryAndTableOfTheFirstVersion) {
  const LoadedPlugin echo = LoadForTest("plugins/echo/echo.so");
  cluster_worker_plugin table = echo.table;
  cluster_plugin_entry_t entry = echo.entry;
  entry.table = &table;
  entry.size = 72;
  table.size = 64;
  const auto plugin = AdoptEntry(&entry, "mine", kEveryService);
  ASSERT_TRUE(plugin.ok()) << plugin.status();
  EXPECT_EQ(plugin->table.stop, echo.table.stop);
  entry.size = 71;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService), "malformed");
  entry.size = 72;
  table.size = 63;
  ExpectUnfit(AdoptEntry(&entry, "mine", kEveryService),
              "its size is 63 bytes");
}

TEST(PluginLoaderTest, AdoptsEntryAndTableOfANewerVersion) {
  struct NewerTable {
    cluster_worker_plugin known;
    void (*later)();
  } table = {LoadForTest("plugins/echo/echo.so").table, nullptr};
  table.known.size = sizeof(table);
  struct NewerEntry {
    cluster_plugin_entry_t known;
    const char* later;
  } entry = {LoadForTest("plugins/echo/echo.so").entry, "later"};
  entry.known.size = sizeof(entry);
  entry.known.table = &table;
  const auto plugin = AdoptEntry(&entry.known, "mine", kEveryService);
  ASSERT_TRUE(plugin.ok()) << plugin.status();
  EXPECT_STREQ(plugin->entry.name, "echo");
  EXPECT_EQ(plugin->table.size, sizeof(cluster_worker_plugin));
}

}  // namespace
}  // namespace cluster
