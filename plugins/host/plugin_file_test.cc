#include "plugins/host/plugin_file.h"

#include <elf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "plugins/host/elf_image.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Bytes = std::vector<std::byte>;

constexpr char kEcho[] = "plugins/echo/echo.so";
constexpr char kHelloHttp[] = "plugins/hello_http/hello_http.so";

Bytes Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto bytes = std::as_bytes(std::span(text));
  return Bytes(bytes.begin(), bytes.end());
}

template <typename T>
void Put(Bytes& file, size_t at, T value) {
  ASSERT_LE(at + sizeof(value), file.size());
  std::memcpy(file.data() + at, &value, sizeof(value));
}

size_t Find(const Bytes& file, std::span<const std::byte> what) {
  return std::search(file.begin(), file.end(), what.begin(), what.end()) -
         file.begin();
}

size_t FindText(const Bytes& file, absl::string_view text) {
  return Find(file, std::as_bytes(std::span(text.data(), text.size())));
}

size_t FindEntry(const Bytes& file) {
  const uint64_t magic = CLUSTER_PLUGIN_MAGIC;
  return Find(file, std::as_bytes(std::span(&magic, 1)));
}

// The echo plugin with one number of its entry replaced.
template <typename T>
Bytes EchoWith(size_t offset_in_entry, T value) {
  Bytes file = Contents(DataPath(kEcho));
  Put(file, FindEntry(file) + offset_in_entry, value);
  return file;
}

// Parses and checks, as ReadPluginFile does.
absl::Status Check(const Bytes& file) {
  const absl::StatusOr<PluginInfo> info = ParsePlugin(file, "x.so");
  return info.ok() ? CheckCompatible(*info, "x.so") : info.status();
}

MATCHER_P2(Fails, code, text, "") {
  *result_listener << arg.ToString();
  return arg.code() == code && std::string(arg.message()) == text;
}

MATCHER_P2(FailsWith, code, part, "") {
  *result_listener << arg.ToString();
  return arg.code() == code &&
         std::string(arg.message()).find(part) != std::string::npos;
}

constexpr auto kBad = absl::StatusCode::kInvalidArgument;
constexpr auto kUnfit = absl::StatusCode::kFailedPrecondition;

TEST(PluginFileTest, ReadsPluginInC) {
  const auto info = ReadPluginFile(DataPath(kEcho));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->name, "echo");
  EXPECT_EQ(info->version, "1.0");
  EXPECT_EQ(info->kind, CLUSTER_PLUGIN_KIND_WORKER);
  EXPECT_EQ(info->abi_major, CLUSTER_ABI_MAJOR);
  EXPECT_EQ(info->abi_minor, CLUSTER_ABI_MINOR);
  EXPECT_EQ(info->abi_minor_min, CLUSTER_ABI_MINOR);
  EXPECT_EQ(info->entry_size, sizeof(cluster_plugin_entry_t));
  EXPECT_EQ(info->compiler, CLUSTER_COMPILER);
  EXPECT_EQ(info->build_id.size(), 40u);
  EXPECT_TRUE(info->has_note);
  EXPECT_EQ(info->needs_asan, HostAbi::OfThisBuild().has_asan);
  EXPECT_THAT(info->required_services,
              ElementsAre("cluster.loop/1", "cluster.connection/1"));
}

TEST(PluginFileTest, ReadsPluginInCxx) {
  const auto info = ReadPluginFile(DataPath(kHelloHttp));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->name, "hello_http");
  EXPECT_THAT(info->required_services,
              ElementsAre("cluster.loop/1",
                          "cluster.connection/1",
                          "cluster.config/1",
                          "cluster.log/1",
                          "cluster.embedding/1"));
}

TEST(PluginFileTest, PluginInCSaysTheOldestMinorItRunsOn) {
  const Bytes file = Contents(DataPath("plugins/host/old_minimum.so"));
  const auto info = ParsePlugin(file, "x.so");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->abi_minor, CLUSTER_ABI_MINOR);
  EXPECT_EQ(info->abi_minor_min, CLUSTER_ABI_OLDEST_MINOR);
  // The note says the same.
  const uint32_t numbers[] = {CLUSTER_PLUGIN_KIND_WORKER,
                              CLUSTER_ABI_MAJOR,
                              CLUSTER_ABI_MINOR,
                              CLUSTER_ABI_OLDEST_MINOR,
                              CLUSTER_SANITIZERS};
  EXPECT_LT(Find(file, std::as_bytes(std::span(numbers))), file.size());
}

TEST(PluginFileTest, ReadsEitherHashTable) {
  for (const char* path :
       {"plugins/host/sysv_hash.so", "plugins/host/gnu_hash.so"}) {
    const auto info = ReadPluginFile(DataPath(path));
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_THAT(info->required_services, ElementsAre("cluster.loop/1"));
    EXPECT_THAT(info->optional_services,
                ElementsAre("cluster.metric/1", "cluster.milk/1"));
  }
}

TEST(PluginFileTest, ReadsDescriptorFromTheStart) {
  const UniqueFd fd(open(DataPath(kEcho).c_str(), O_RDONLY | O_CLOEXEC));
  lseek(fd.get(), 100, SEEK_SET);
  EXPECT_TRUE(ReadPluginFile(fd.get(), "echo.so").ok());
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 100);
}

// From the first version of the ABI on, and newer ones.
TEST(PluginFileTest, EntryMayBeLongerThanTheFirst) {
  Bytes file = Contents(DataPath(kEcho));
  const uint64_t magic = CLUSTER_PLUGIN_MAGIC;
  const size_t size = Find(file, std::as_bytes(std::span(&magic, 1))) +
                      offsetof(cluster_plugin_entry_t, size);
  for (const auto& [bytes, accepted] :
       {std::pair(71u, false), {72u, true}, {80u, true}, {65'537u, false}}) {
    Put(file, size, uint32_t{bytes});
    EXPECT_EQ(Check(file).ok(), accepted) << bytes;
  }
}

TEST(PluginFileTest, NeedsNoSectionHeaders) {
  Bytes file = Contents(DataPath(kEcho));
  Put(file, offsetof(Elf64_Ehdr, e_shoff), uint64_t{0});
  Put(file, offsetof(Elf64_Ehdr, e_shnum), uint16_t{0});
  EXPECT_TRUE(Check(file).ok());
}

TEST(PluginFileTest, NeedsNoNote) {
  Bytes file = Contents(DataPath(kEcho));
  const cluster_plugin_note note = {sizeof(CLUSTER_NOTE_OWNER),
                                    sizeof(cluster_plugin_note_desc),
                                    CLUSTER_NOTE_TYPE,
                                    CLUSTER_NOTE_OWNER,
                                    {}};
  const auto head = std::as_bytes(std::span(&note, 1)).first(20);
  Put(file, Find(file, head) + 12, 'C');
  const auto info = ParsePlugin(file, "x.so");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_FALSE(info->has_note);
  EXPECT_EQ(info->name, "");
  EXPECT_EQ(info->kind, CLUSTER_PLUGIN_KIND_WORKER);
  // Without the note the imported symbol still tells.
  EXPECT_EQ(info->needs_asan, HostAbi::OfThisBuild().has_asan);
}

// As it was before optional services were in it.
TEST(PluginFileTest, ShorterNoteHasLessToTell) {
  Bytes file = Contents(DataPath("plugins/host/gnu_hash.so"));
  cluster_plugin_note note = {};
  note.owner_size = sizeof(CLUSTER_NOTE_OWNER);
  note.desc_size = sizeof(cluster_plugin_note_desc);
  note.type = CLUSTER_NOTE_TYPE;
  std::memcpy(note.owner, CLUSTER_NOTE_OWNER, sizeof(CLUSTER_NOTE_OWNER));
  const auto head = std::as_bytes(std::span(&note, 1)).first(20);
  Put(file,
      Find(file, head) + offsetof(cluster_plugin_note, desc),
      uint32_t{offsetof(cluster_plugin_note_desc, optional_services)});
  const auto info = ParsePlugin(file, "x.so");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_THAT(info->required_services, ElementsAre("cluster.loop/1"));
  EXPECT_THAT(info->optional_services, ElementsAre());
}

TEST(PluginFileTest, TextOfNoteIsMadePrintable) {
  Bytes file = Contents(DataPath(kEcho));
  size_t at = 0;
  while (std::memcmp(&file[at], "echo\0\0\0\0", 8) != 0) ++at;
  Put(file, at, '\x1b');
  EXPECT_EQ(ParsePlugin(file, "x.so")->name, "?cho");
}

TEST(PluginFileTest, RefusesWhatIsNoSharedObject) {
  Bytes file = Contents(DataPath(kEcho));
  EXPECT_THAT(Check({}),
              Fails(kBad, "x.so is empty: a plugin is an ELF shared object"));
  EXPECT_THAT(Check(Bytes(100)), FailsWith(kBad, "x.so is not an ELF file"));
  Bytes other = file;
  Put(other, EI_CLASS, ELFCLASS32);
  EXPECT_THAT(Check(other), FailsWith(kBad, "is a 32-bit ELF file"));
  other = file;
  Put(other, EI_DATA, ELFDATA2MSB);
  EXPECT_THAT(Check(other), FailsWith(kBad, "byte order"));
  other = file;
  Put(other, offsetof(Elf64_Ehdr, e_machine), uint16_t{EM_S390});
  EXPECT_THAT(Check(other), FailsWith(kBad, "is built for machine 22, and"));
  other = file;
  Put(other, offsetof(Elf64_Ehdr, e_type), uint16_t{ET_EXEC});
  EXPECT_THAT(
      Check(other),
      Fails(kBad, "x.so is an executable: link the plugin with -shared"));
  other = file;
  Put(other, offsetof(Elf64_Ehdr, e_type), uint16_t{ET_REL});
  EXPECT_THAT(Check(other), FailsWith(kBad, "is an object file"));
}

TEST(PluginFileTest, RefusesExecutables) {
  EXPECT_THAT(ReadPluginFile("/proc/self/exe").status(),
              FailsWith(kBad, "is an executable"));
}

TEST(PluginFileTest, RefusesSharedObjectThatIsNoPlugin) {
  Bytes file = Contents(DataPath(kEcho));
  Put(file, FindText(file, CLUSTER_PLUGIN_SYMBOL), 'k');
  EXPECT_THAT(Check(file),
              FailsWith(kBad,
                        "x.so is not a cluster plugin: it exports no "
                        "cluster_plugin_entry"));
}

TEST(PluginFileTest, RefusesMalformedEntry) {
  EXPECT_THAT(Check(EchoWith(offsetof(cluster_plugin_entry_t, magic),
                             uint64_t{0x1234})),
              FailsWith(kBad, "starts with 0x1234 in place of the magic"));
  for (const uint32_t size : {0u, 71u, 65537u, UINT32_MAX}) {
    EXPECT_THAT(Check(EchoWith(offsetof(cluster_plugin_entry_t, size), size)),
                FailsWith(kBad,
                          "the size of its cluster_plugin_entry is " +
                              std::to_string(size) + " bytes"));
  }
}

TEST(PluginFileTest, RefusesUnknownKind) {
  EXPECT_THAT(
      Check(EchoWith(offsetof(cluster_plugin_entry_t, kind), uint32_t{9})),
      Fails(kUnfit,
            "x.so is a plugin of kind 9, and this host runs kind 1 (worker)"));
}

TEST(PluginFileTest, RefusesOtherAbi) {
  EXPECT_THAT(
      Check(EchoWith(offsetof(cluster_plugin_entry_t, abi_minor_min),
                     uint32_t{77})),
      Fails(kUnfit,
            "x.so needs plugin ABI 0.77, and this host speaks 0.2: update the "
            "host, or rebuild the plugin for 0.2"));
  EXPECT_THAT(
      Check(EchoWith(offsetof(cluster_plugin_entry_t, abi_major), uint32_t{3})),
      FailsWith(kUnfit, "x.so needs plugin ABI 3.2, and"));
  EXPECT_THAT(
      Check(EchoWith(offsetof(cluster_plugin_entry_t, abi_minor), 0u)),
      Fails(kUnfit,
            "x.so was built for plugin ABI 0.0, and this host runs 0.1 to "
            "0.2: rebuild the plugin for 0.2"));
}

TEST(PluginFileTest, RunsOnEveryHostBetweenItsMinimumAndItsMajor) {
  PluginInfo info;
  info.kind = CLUSTER_PLUGIN_KIND_WORKER;
  info.abi_major = 1;
  info.abi_minor = 5;
  info.abi_minor_min = 3;
  HostAbi host = {.abi_major = 1, .abi_minor = 3, .abi_minor_min = 0};
  EXPECT_TRUE(CheckCompatible(info, "x.so", host).ok());
  host.abi_minor = 2;
  EXPECT_FALSE(CheckCompatible(info, "x.so", host).ok());
  host.abi_minor = 9;
  EXPECT_TRUE(CheckCompatible(info, "x.so", host).ok());
  host.abi_major = 2;
  EXPECT_FALSE(CheckCompatible(info, "x.so", host).ok());
}

TEST(PluginFileTest, RefusesSanitizersThatTheHostLacks) {
  PluginInfo info = *ParsePlugin(Contents(DataPath(kEcho)), "x.so");
  HostAbi host = HostAbi::OfThisBuild();
  host.has_asan = false;
  info.needs_asan = true;
  EXPECT_THAT(CheckCompatible(info, "x.so", host),
              FailsWith(kUnfit, "x.so needs the AddressSanitizer runtime"));
  host.has_asan = true;
  host.has_tsan = false;
  info.needs_tsan = true;
  EXPECT_THAT(CheckCompatible(info, "x.so", host),
              FailsWith(kUnfit, "x.so needs the ThreadSanitizer runtime"));
}

TEST(PluginFileTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(ReadPluginFile("/nowhere/x.so").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(ReadPluginFile("/tmp").status(),
              Fails(kBad, "/tmp is a directory: name the plugin's .so file"));
  const std::string fifo = testing::TempDir() + "/fifo.so";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(ReadPluginFile(fifo).status(),
              FailsWith(kBad, "is not a regular file"));
}

// Whatever the bytes, there is an answer, and an error is one line of text. The
// sanitizers say whether a byte was read that is not there: `file` is a block
// of exactly its size.
void Survives(const Bytes& file) {
  if (const auto image = ElfImage::Parse(file, "x.so"); image.ok()) {
    for (const ElfSymbol& symbol : image->symbols()) {
      EXPECT_LE(symbol.name.size(), 4096u);
    }
  }
  const absl::Status status = Check(file);
  if (status.ok()) return;
  EXPECT_TRUE(status.code() == kBad || status.code() == kUnfit) << status;
  EXPECT_EQ(status.message().find('\n'), absl::string_view::npos) << status;
}

TEST(PluginFileTest, SurvivesTruncation) {
  const Bytes whole = Contents(DataPath(kEcho));
  for (size_t size = 0; size < whole.size(); size += size < 4096 ? 1 : 61) {
    Survives(Bytes(whole.begin(), whole.begin() + size));
  }
}

TEST(PluginFileTest, SurvivesDamage) {
  const Bytes whole = Contents(DataPath(kEcho));
  const uint64_t numbers[] = {0, 1, 0xff, 0x7fffffff, ~0ull, ~0ull - 8};
  std::mt19937 random(20240607);
  const auto below = [&](size_t limit) { return random() % limit; };
  for (int round = 0; round < 6000; ++round) {
    Bytes file = whole;
    for (size_t left = 1 + below(4); left > 0; --left) {
      // Headers and tables lie at the front; most damage goes there.
      const size_t range = below(3) == 0 ? file.size() : 4096;
      const size_t at = below(std::min(range, file.size()) - 8);
      const uint64_t value =
          below(2) == 0 ? numbers[below(std::size(numbers))] : random();
      std::memcpy(&file[at], &value, size_t{1} << below(4));
    }
    Survives(file);
  }
}

}  // namespace
}  // namespace cluster
