// Files that a host refuses before it starts anything: one line says which and
// why, and the exit code whether it is no plugin, or one that cannot run here.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/host/host_exit.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

std::string Bad(absl::string_view name) {
  return TestPlugin(absl::StrCat("bad/", name));
}

struct Refusal {
  const char* plugin;
  std::vector<std::string> words;
  int exit_code = kExitPluginRefused;
};

class BadFileTest : public ::testing::TestWithParam<Refusal> {};

// Expects that the host says no to `file` in one line with all `words`.
void ExpectRefused(const std::string& file,
                   const std::vector<std::string>& words,
                   int exit_code = kExitPluginRefused) {
  HostProcess host({file});
  EXPECT_EQ(host.AwaitExit(), exit_code);
  EXPECT_EQ(host.Output(), "");
  const std::string error = host.ErrorOutput();
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
  for (const std::string& word : words) {
    EXPECT_TRUE(absl::StrContains(error, word)) << error;
  }
}

TEST_P(BadFileTest, IsAnExitCodeAndOneLine) {
  ExpectRefused(Bad(GetParam().plugin), GetParam().words, GetParam().exit_code);
}

INSTANTIATE_TEST_SUITE_P(
    RefusedFileTest,
    BadFileTest,
    ::testing::Values(
        Refusal{"no_entry",
                {"no_entry.so", "exports no cluster_plugin_entry"},
                kExitUsage},
        Refusal{"wrong_magic",
                {"wrong_magic.so", "0x1234", "magic number"},
                kExitUsage},
        Refusal{"too_new", {"too_new.so", "needs plugin ABI 0.77"}},
        Refusal{"too_old", {"too_old.so", "built for plugin ABI 0.0"}},
        Refusal{"entry_size_0", {"entry_size_0.so", "is 0 bytes"}, kExitUsage},
        Refusal{"entry_size_max",
                {"entry_size_max.so", "4294967295 bytes"},
                kExitUsage},
        Refusal{"noted_service",
                {"noted_service.so needs",
                 "does not offer: cluster.tea/1 (it offers cluster.loop/1"}}),
    [](const auto& info) { return std::string(info.param.plugin); });

// Nobody writes to it, so opening it as a file would never end.
TEST(RefusedFileTest, FifoIsRefusedAndNotWaitedFor) {
  const std::string fifo = testing::TempDir() + "/fifo.so";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  ExpectRefused(fifo, {"fifo.so is not a regular file"}, kExitUsage);
  std::filesystem::remove(fifo);
}

// Mistyped: not a plugin that is refused.
TEST(RefusedFileTest, PathWithoutAFileIsUsage) {
  ExpectRefused("/nowhere/x.so", {"/nowhere/x.so"}, kExitUsage);
  ExpectRefused(testing::TempDir(), {"is a directory"}, kExitUsage);
}

TEST(RefusedFileTest, PluginForASanitizedHostIsRefusedByAPlainOne) {
  if ((CLUSTER_SANITIZERS & CLUSTER_SANITIZER_ADDRESS) != 0) {
    GTEST_SKIP() << "this host has the runtime";
  }
  ExpectRefused(Bad("needs_asan"), {"needs_asan.so", "AddressSanitizer"});
}

// A file of the test's own, for as long as this lives.
class PluginFile {
 public:
  PluginFile(const std::string& name, const std::string& bytes)
      : path_(absl::StrCat(::testing::TempDir(), name)) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~PluginFile() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RefusedFileTest, TextIsNoPlugin) {
  const PluginFile text("text.so", "#!/bin/sh\nexit 0\n");
  ExpectRefused(text.path(), {"text.so", "not an ELF file"}, kExitUsage);
}

TEST(RefusedFileTest, PluginForAnotherMachineIsRefused) {
  std::string bytes = BytesOf(Bad("odd_wishes"));
  ASSERT_GT(bytes.size(), sizeof(Elf64_Ehdr));
  Elf64_Half machine;
  std::memcpy(
      &machine, &bytes[offsetof(Elf64_Ehdr, e_machine)], sizeof(machine));
  const bool here = machine == EM_AARCH64;
  machine = here ? EM_X86_64 : EM_AARCH64;
  std::memcpy(
      &bytes[offsetof(Elf64_Ehdr, e_machine)], &machine, sizeof(machine));
  const PluginFile foreign("foreign.so", bytes);
  ExpectRefused(foreign.path(),
                {"foreign.so", here ? "built for x86-64" : "built for aarch64"},
                kExitUsage);
}

TEST(RefusedFileTest, PluginThatIsCutShortIsRefused) {
  const std::string bytes = BytesOf(Bad("odd_wishes"));
  ASSERT_GT(bytes.size(), 2'048u);
  const PluginFile cut("cut.so", bytes.substr(0, 2'048));
  ExpectRefused(
      cut.path(), {"cut.so has no dynamic table", "damaged"}, kExitUsage);
}

}  // namespace
}  // namespace cluster
