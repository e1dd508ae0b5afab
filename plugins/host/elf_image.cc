#include "plugins/host/elf_image.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
#else
#error "name this machine's ELF number here"
#endif

// Many symbols may name one long text: looking at them all must not take the
// product of both.
constexpr size_t kMaxNameBytes = 4096;

// Copies a T out of `bytes` at `offset`; none if it is not all there.
template <typename T>
std::optional<T> Read(std::span<const std::byte> bytes, uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return {};
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

std::string MachineName(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv";
    default:
      return absl::StrCat("machine ", machine);
  }
}

absl::Status Refuse(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, " ", what));
}

// Checks all that the file header says.
absl::StatusOr<Elf64_Ehdr> ReadHeader(std::span<const std::byte> file,
                                      absl::string_view path) {
  if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) {
    return Refuse(path,
                  file.empty() ? "is empty: a plugin is an ELF shared object"
                               : "is not an ELF file: a plugin is a shared "
                                 "object, linked with -shared");
  }
  const auto header = Read<Elf64_Ehdr>(file, 0);
  if (!header) return Refuse(path, "is cut off inside its ELF header");
  if (header->e_ident[EI_CLASS] != ELFCLASS64) {
    return Refuse(path, "is a 32-bit ELF file: build the plugin for 64 bit");
  }
  constexpr uint8_t kData =
      std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (header->e_ident[EI_DATA] != kData) {
    return Refuse(path, "has the byte order of another machine");
  }
  if (header->e_machine != kMachine) {
    return Refuse(path,
                  absl::StrCat("is built for ",
                               MachineName(header->e_machine),
                               ", and this host runs on ",
                               MachineName(kMachine)));
  }
  if (header->e_type == ET_EXEC) {
    return Refuse(path, "is an executable: link the plugin with -shared");
  }
  if (header->e_type == ET_REL) {
    return Refuse(path, "is an object file: link the plugin with -shared");
  }
  if (header->e_type != ET_DYN) {
    return Refuse(path, "is no shared object: link the plugin with -shared");
  }
  return *header;
}

}  // namespace

absl::StatusOr<ElfImage> ElfImage::Parse(std::span<const std::byte> file,
                                         absl::string_view path) {
  ASSIGN_OR_RETURN(const Elf64_Ehdr header, ReadHeader(file, path));
  ElfImage image(file);
  RETURN_IF_ERROR(image.ReadSegments(header, path));
  image.ReadDynamic();
  if (image.dynamic_.empty()) {
    return Refuse(path,
                  "has no dynamic table: it is damaged, or not linked with "
                  "-shared");
  }
  if (image.DynamicValue(DT_FLAGS_1).value_or(0) & DF_1_PIE) {
    return Refuse(path, "is an executable: link the plugin with -shared");
  }
  return image;
}

absl::Status ElfImage::ReadSegments(const Elf64_Ehdr& header,
                                    absl::string_view path) {
  if (header.e_phentsize != sizeof(Elf64_Phdr)) {
    return Refuse(path, "is damaged: its program headers have an odd size");
  }
  const auto table =
      Bytes(header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = Read<Elf64_Phdr>(table, i * sizeof(Elf64_Phdr));
    if (!segment) {
      return Refuse(path, "is damaged: its program headers lie outside of it");
    }
    segments_.push_back(*segment);
  }
  return absl::OkStatus();
}

void ElfImage::ReadDynamic() {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_DYNAMIC) continue;
    const auto table = Bytes(segment.p_offset, segment.p_filesz);
    for (uint64_t at = 0;; at += sizeof(Elf64_Dyn)) {
      const auto item = Read<Elf64_Dyn>(table, at);
      if (!item || item->d_tag == DT_NULL) break;
      dynamic_.push_back(*item);
    }
    break;
  }
  const auto strings = DynamicValue(DT_STRTAB);
  const auto size = DynamicValue(DT_STRSZ);
  if (strings && size) {
    strings_ = AtAddress(*strings, *size).value_or(strings_);
  }
  const auto symbols = DynamicValue(DT_SYMTAB);
  if (!symbols) return;
  const auto rest = FromAddress(*symbols);
  symbols_ = rest.first(
      std::min<uint64_t>(SymbolCount(), rest.size() / sizeof(Elf64_Sym)) *
      sizeof(Elf64_Sym));
}

std::optional<uint64_t> ElfImage::DynamicValue(int64_t tag) const {
  for (const Elf64_Dyn& item : dynamic_) {
    if (item.d_tag == tag) return item.d_un.d_val;
  }
  return std::nullopt;
}

std::span<const std::byte> ElfImage::Bytes(uint64_t offset,
                                           uint64_t size) const {
  if (offset > file_.size() || size > file_.size() - offset) return {};
  return file_.subspan(offset, size);
}

// All bytes the file has from `address` to the end of its segment.
std::span<const std::byte> ElfImage::FromAddress(uint64_t address) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    const uint64_t skip = address - segment.p_vaddr;
    if (skip >= segment.p_filesz) continue;
    const auto bytes = Bytes(segment.p_offset, segment.p_filesz);
    return bytes.empty() ? bytes : bytes.subspan(skip);
  }
  return {};
}

std::optional<std::span<const std::byte>> ElfImage::AtAddress(
    uint64_t address, uint64_t size) const {
  const auto rest = FromAddress(address);
  if (rest.size() < size) return std::nullopt;
  return rest.first(size);
}

// The dynamic table does not say how many symbols there are; the hash tables
// over them do.
uint64_t ElfImage::SymbolCount() const {
  if (const auto address = DynamicValue(DT_HASH)) {
    // nbucket, nchain; there is a chain link for each symbol.
    const auto count = Read<uint32_t>(FromAddress(*address), 4);
    if (count) return *count;
  }
  if (const auto address = DynamicValue(DT_GNU_HASH)) {
    return GnuHashSymbolCount(FromAddress(*address));
  }
  return 0;
}

// Layout: nbuckets, symoffset, bloom_size, bloom_shift; bloom_size 64-bit
// words; nbuckets first symbols; a chain link for each symbol from symoffset
// on, whose lowest bit ends the chain.
uint64_t ElfImage::GnuHashSymbolCount(std::span<const std::byte> table) const {
  const auto buckets = Read<uint32_t>(table, 0);
  const auto first_hashed = Read<uint32_t>(table, 4);
  const auto bloom_words = Read<uint32_t>(table, 8);
  if (!buckets || !first_hashed || !bloom_words) return 0;
  const uint64_t bucket_at = 16 + uint64_t{*bloom_words} * 8;
  const uint64_t chain_at = bucket_at + uint64_t{*buckets} * 4;
  uint64_t last = 0;
  for (uint64_t i = 0; i < *buckets; ++i) {
    const auto symbol = Read<uint32_t>(table, bucket_at + i * 4);
    if (!symbol) return 0;
    last = std::max<uint64_t>(last, *symbol);
  }
  if (last < *first_hashed) return *first_hashed;
  for (;; ++last) {
    const auto link =
        Read<uint32_t>(table, chain_at + (last - *first_hashed) * 4);
    if (!link || (*link & 1) != 0) return last + 1;
  }
}

// The terminated text at `offset` of the string table; empty if it is not one
// of at most `max_size` bytes.
absl::string_view ElfImage::StringAt(uint64_t offset, size_t max_size) const {
  if (offset >= strings_.size()) return {};
  const char* text = reinterpret_cast<const char*>(strings_.data()) + offset;
  const size_t limit = std::min(strings_.size() - offset, max_size + 1);
  const size_t size = strnlen(text, limit);
  return size == limit ? absl::string_view() : absl::string_view(text, size);
}

std::optional<ElfSymbol> ElfImage::FindSymbol(absl::string_view name) const {
  for (uint64_t at = 0; at < symbols_.size(); at += sizeof(Elf64_Sym)) {
    const auto symbol = Read<Elf64_Sym>(symbols_, at);
    // Compared in place: a table of symbols that all name one long text must
    // not cost its length each.
    if (!symbol || symbol->st_name >= strings_.size()) continue;
    const auto text = strings_.subspan(symbol->st_name);
    if (text.size() <= name.size()) continue;
    if (std::memcmp(text.data(), name.data(), name.size()) != 0) continue;
    if (text[name.size()] != std::byte{0}) continue;
    return ElfSymbol{name,
                     symbol->st_value,
                     symbol->st_shndx != SHN_UNDEF,
                     ELF64_ST_BIND(symbol->st_info) == STB_WEAK};
  }
  return std::nullopt;
}

std::vector<ElfSymbol> ElfImage::symbols() const {
  std::vector<ElfSymbol> symbols;
  for (uint64_t at = 0; at < symbols_.size(); at += sizeof(Elf64_Sym)) {
    const auto symbol = Read<Elf64_Sym>(symbols_, at);
    if (!symbol) break;
    const unsigned binding = ELF64_ST_BIND(symbol->st_info);
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    if (binding == STB_LOCAL) continue;
    if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
    const absl::string_view name = StringAt(symbol->st_name, kMaxNameBytes);
    if (name.empty()) continue;
    symbols.push_back({name,
                       symbol->st_value,
                       symbol->st_shndx != SHN_UNDEF,
                       binding == STB_WEAK});
  }
  return symbols;
}

std::vector<absl::string_view> ElfImage::needed() const {
  std::vector<absl::string_view> names;
  for (const Elf64_Dyn& item : dynamic_) {
    if (item.d_tag != DT_NEEDED) continue;
    names.push_back(StringAt(item.d_un.d_val, kMaxNameBytes));
  }
  return names;
}

absl::string_view ElfImage::library_path() const {
  for (const int64_t tag : {DT_RUNPATH, DT_RPATH}) {
    if (const auto text = DynamicValue(tag)) {
      return StringAt(*text, kMaxNameBytes);
    }
  }
  return {};
}

std::vector<ElfNote> ElfImage::notes() const {
  std::vector<ElfNote> notes;
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_NOTE) continue;
    const uint64_t align = segment.p_align == 8 ? 8 : 4;
    const auto padded = [align](uint64_t size) {
      return (size + align - 1) / align * align;
    };
    auto rest = Bytes(segment.p_offset, segment.p_filesz);
    while (const auto header = Read<Elf64_Nhdr>(rest, 0)) {
      const uint64_t desc_at = padded(sizeof(Elf64_Nhdr) + header->n_namesz);
      const uint64_t end = desc_at + header->n_descsz;
      if (end > rest.size()) break;
      const char* owner =
          reinterpret_cast<const char*>(rest.data()) + sizeof(Elf64_Nhdr);
      notes.push_back(
          {absl::string_view(owner, strnlen(owner, header->n_namesz)),
           header->n_type,
           rest.subspan(desc_at, header->n_descsz)});
      rest = rest.subspan(std::min<uint64_t>(padded(end), rest.size()));
    }
  }
  return notes;
}

}  // namespace cluster
