#include "plugins/host/plugin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "plugins/host/elf_image.h"
#include "plugins/host/struct_size.h"

namespace cluster {
namespace {

constexpr off_t kMaxFileBytes = off_t{1} << 30;
constexpr size_t kMaxBuildIdBytes = 64;
constexpr uint32_t kGnuBuildId = 3;  // NT_GNU_BUILD_ID

// The part of cluster_plugin_entry_t that holds no pointers.
struct LeadingNumbers {
  uint64_t magic;
  uint32_t size;
  uint32_t kind;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t abi_minor_min;
  uint32_t flags;
};
static_assert(sizeof(LeadingNumbers) == offsetof(cluster_plugin_entry_t, name));

absl::Status Refuse(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, " ", what));
}

std::string Version(uint32_t major, uint32_t minor) {
  return absl::StrCat(major, ".", minor);
}

// The text of a fixed field, safe to show on a terminal.
template <size_t N>
std::string Printable(const char (&field)[N]) {
  std::string text(field, strnlen(field, N));
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

absl::StatusOr<LeadingNumbers> ReadEntry(const ElfImage& image,
                                         absl::string_view path) {
  const auto symbol = image.FindSymbol(CLUSTER_PLUGIN_SYMBOL);
  if (!symbol || !symbol->defined) {
    return Refuse(
        path,
        "is not a cluster plugin: it exports no " CLUSTER_PLUGIN_SYMBOL
        " (see CLUSTER_PLUGIN in plugins/sdk/worker.h)");
  }
  const auto bytes = image.AtAddress(symbol->address, sizeof(LeadingNumbers));
  if (!bytes) {
    return Refuse(
        path,
        "is damaged: the file has no contents for its " CLUSTER_PLUGIN_SYMBOL);
  }
  LeadingNumbers numbers;
  std::memcpy(&numbers, bytes->data(), sizeof(numbers));
  if (numbers.magic != CLUSTER_PLUGIN_MAGIC) {
    return Refuse(
        path,
        absl::StrCat("is not a cluster plugin: its " CLUSTER_PLUGIN_SYMBOL
                     " starts with 0x",
                     absl::Hex(numbers.magic),
                     " in place of the magic number 0x",
                     absl::Hex(CLUSTER_PLUGIN_MAGIC)));
  }
  if (!CanBeSize(numbers.size, kFirstEntryBytes)) {
    return Refuse(
        path,
        absl::StrCat("is damaged: the size of its " CLUSTER_PLUGIN_SYMBOL
                     " is ",
                     DescribeSize(numbers.size, kFirstEntryBytes)));
  }
  return numbers;
}

// The note may be shorter (older) or longer (newer) than the one known here.
std::optional<cluster_plugin_note_desc> ReadDesc(const ElfNote& note) {
  uint32_t size = 0;
  if (note.owner != CLUSTER_NOTE_OWNER || note.type != CLUSTER_NOTE_TYPE ||
      note.desc.size() < sizeof(size)) {
    return std::nullopt;
  }
  std::memcpy(&size, note.desc.data(), sizeof(size));
  cluster_plugin_note_desc desc = {};
  std::memcpy(&desc,
              note.desc.data(),
              std::min({size_t{size}, note.desc.size(), sizeof(desc)}));
  return desc;
}

void TakeDesc(const cluster_plugin_note_desc& desc, PluginInfo& info) {
  info.has_note = true;
  info.name = Printable(desc.name);
  info.version = Printable(desc.version);
  info.compiler = Printable(desc.compiler);
  info.required_services =
      absl::StrSplit(Printable(desc.required_services), ' ', absl::SkipEmpty());
  info.optional_services =
      absl::StrSplit(Printable(desc.optional_services), ' ', absl::SkipEmpty());
  info.needs_asan |= (desc.sanitizers & CLUSTER_SANITIZER_ADDRESS) != 0;
  info.needs_tsan |= (desc.sanitizers & CLUSTER_SANITIZER_THREAD) != 0;
}

void ReadNotes(const ElfImage& image, PluginInfo& info) {
  for (const ElfNote& note : image.notes()) {
    if (note.owner == "GNU" && note.type == kGnuBuildId) {
      const size_t size = std::min(note.desc.size(), kMaxBuildIdBytes);
      info.build_id = absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(note.desc.data()), size));
    } else if (const auto desc = ReadDesc(note)) {
      TakeDesc(*desc, info);
    }
  }
}

// A plugin without a note, or linked to a sanitizer's shared runtime.
void FindSanitizers(const ElfImage& image, PluginInfo& info) {
  for (absl::string_view name : image.needed()) {
    info.needs_asan |= absl::StartsWith(name, "libclang_rt.asan") ||
                       absl::StartsWith(name, "libasan.so");
    info.needs_tsan |= absl::StartsWith(name, "libclang_rt.tsan") ||
                       absl::StartsWith(name, "libtsan.so");
  }
  info.needs_asan |= image.FindSymbol("__asan_init").has_value();
  info.needs_tsan |= image.FindSymbol("__tsan_init").has_value();
}

}  // namespace

HostAbi HostAbi::OfThisBuild() {
  return {.abi_major = CLUSTER_ABI_MAJOR,
          .abi_minor = CLUSTER_ABI_MINOR,
          .abi_minor_min = CLUSTER_ABI_OLDEST_MINOR,
          .has_asan = (CLUSTER_SANITIZERS & CLUSTER_SANITIZER_ADDRESS) != 0,
          .has_tsan = (CLUSTER_SANITIZERS & CLUSTER_SANITIZER_THREAD) != 0};
}

absl::StatusOr<std::vector<std::byte>> ReadPluginBytes(int fd,
                                                       absl::string_view path) {
  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoStatus("fstat", path);
  if (S_ISDIR(info.st_mode)) {
    return Refuse(path, "is a directory: name the plugin's .so file");
  }
  if (!S_ISREG(info.st_mode)) return Refuse(path, "is not a regular file");
  if (info.st_size > kMaxFileBytes) {
    return Refuse(path, "is larger than 1 GiB, which no plugin is");
  }
  std::vector<std::byte> file(info.st_size);
  size_t have = 0;
  while (have < file.size()) {
    const ssize_t n = pread(fd, file.data() + have, file.size() - have, have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("read", path);
    if (n == 0) break;
    have += n;
  }
  file.resize(have);
  return file;
}

absl::StatusOr<PluginInfo> ParsePlugin(std::span<const std::byte> file,
                                       absl::string_view path) {
  ASSIGN_OR_RETURN(const ElfImage image, ElfImage::Parse(file, path));
  ASSIGN_OR_RETURN(const LeadingNumbers numbers, ReadEntry(image, path));
  PluginInfo info;
  info.kind = numbers.kind;
  info.abi_major = numbers.abi_major;
  info.abi_minor = numbers.abi_minor;
  info.abi_minor_min = numbers.abi_minor_min;
  info.entry_size = numbers.size;
  ReadNotes(image, info);
  FindSanitizers(image, info);
  return info;
}

absl::Status CheckCompatible(const PluginInfo& info,
                             absl::string_view path,
                             const HostAbi& host) {
  const auto refuse = [path](auto... what) {
    return absl::FailedPreconditionError(absl::StrCat(path, " ", what...));
  };
  if (info.kind != CLUSTER_PLUGIN_KIND_WORKER) {
    return refuse("is a plugin of kind ",
                  info.kind,
                  ", and this host runs kind ",
                  CLUSTER_PLUGIN_KIND_WORKER,
                  " (worker)");
  }
  const std::string speaks = Version(host.abi_major, host.abi_minor);
  if (info.abi_major > host.abi_major ||
      (info.abi_major == host.abi_major &&
       info.abi_minor_min > host.abi_minor)) {
    return refuse("needs plugin ABI ",
                  Version(info.abi_major, info.abi_minor_min),
                  ", and this host speaks ",
                  speaks,
                  ": update the host, or rebuild the plugin for ",
                  speaks);
  }
  if (info.abi_major < host.abi_major || info.abi_minor < host.abi_minor_min) {
    return refuse("was built for plugin ABI ",
                  Version(info.abi_major, info.abi_minor),
                  ", and this host runs ",
                  Version(host.abi_major, host.abi_minor_min),
                  " to ",
                  speaks,
                  ": rebuild the plugin for ",
                  speaks);
  }
  if (info.needs_asan && !host.has_asan) {
    return refuse(
        "needs the AddressSanitizer runtime, which this host lacks: "
        "build both with --config=asan, or the plugin without");
  }
  if (info.needs_tsan && !host.has_tsan) {
    return refuse(
        "needs the ThreadSanitizer runtime, which this host lacks: "
        "build both with --config=tsan, or the plugin without");
  }
  return absl::OkStatus();
}

absl::StatusOr<PluginInfo> InspectPluginFile(int fd, absl::string_view path) {
  ASSIGN_OR_RETURN(const std::vector<std::byte> file,
                   ReadPluginBytes(fd, path));
  return ParsePlugin(file, path);
}

absl::StatusOr<PluginInfo> ReadPluginFile(int fd, absl::string_view path) {
  ASSIGN_OR_RETURN(PluginInfo info, InspectPluginFile(fd, path));
  RETURN_IF_ERROR(CheckCompatible(info, path));
  return info;
}

absl::StatusOr<PluginInfo> ReadPluginFile(const std::string& path) {
  // Without O_NONBLOCK a FIFO would hold the caller until someone writes.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return ErrnoStatus("open", path);
  return ReadPluginFile(fd.get(), path);
}

}  // namespace cluster
