// A bounds-checked view of a 64-bit ELF shared object, as much of it as a host
// of plugins wants: dynamic symbols, needed libraries, notes. Layout: elf(5)
// and, for the hash tables, the System V gABI.
//
// It reads what the dynamic loader reads (program headers and PT_DYNAMIC) and
// no section headers, which `strip` may remove. The bytes are hostile: an
// offset or count that leaves the file ends the search, never the process.
//
// Thread safety: immutable after Parse.
// Lifetime: borrows the bytes; they must outlive the image and what it returns.
//
//   absl::StatusOr<ElfImage> image = ElfImage::Parse(bytes, "x.so");
//   std::optional<ElfSymbol> entry = image->FindSymbol("entry");
#ifndef PLUGINS_HOST_ELF_IMAGE_H_
#define PLUGINS_HOST_ELF_IMAGE_H_

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster {

struct ElfSymbol {
  absl::string_view name;
  uint64_t address = 0;
  bool defined = false;  // else it is imported
  bool weak = false;     // an import that may stay unresolved
};

struct ElfNote {
  absl::string_view owner;  // without its terminating NUL
  uint32_t type = 0;
  std::span<const std::byte> desc;
};

class ElfImage {
 public:
  // Checks that `file` is a shared object for the machine of this build and
  // finds its dynamic table. `path` is only used in messages.
  //   kInvalidArgument  it is not; the message says what it is instead
  static absl::StatusOr<ElfImage> Parse(std::span<const std::byte> file,
                                        absl::string_view path);

  // Returns the dynamic symbol called `name`; none if there is none.
  std::optional<ElfSymbol> FindSymbol(absl::string_view name) const;

  // Returns the dynamic symbols that other objects see or give, in the order of
  // the table. A name of more than 4 KiB is taken for damage and left out.
  std::vector<ElfSymbol> symbols() const;

  // Returns the names of the libraries that the object asks for (DT_NEEDED).
  std::vector<absl::string_view> needed() const;

  // Returns where the loader looks for them first, folders with colons between
  // (DT_RUNPATH, else DT_RPATH); empty where the object does not say.
  absl::string_view library_path() const;

  // Returns every whole note.
  std::vector<ElfNote> notes() const;

  // Returns the `size` bytes that the file has for `address`; none if it does
  // not have them all.
  std::optional<std::span<const std::byte>> AtAddress(uint64_t address,
                                                      uint64_t size) const;

 private:
  explicit ElfImage(std::span<const std::byte> file) : file_(file) {}

  absl::Status ReadSegments(const Elf64_Ehdr& header, absl::string_view path);
  void ReadDynamic();
  std::optional<uint64_t> DynamicValue(int64_t tag) const;
  std::span<const std::byte> Bytes(uint64_t offset, uint64_t size) const;
  std::span<const std::byte> FromAddress(uint64_t address) const;
  uint64_t SymbolCount() const;
  uint64_t GnuHashSymbolCount(std::span<const std::byte> table) const;
  absl::string_view StringAt(uint64_t offset, size_t max_size) const;

  std::span<const std::byte> file_;
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Dyn> dynamic_;
  std::span<const std::byte> strings_;
  std::span<const std::byte> symbols_;
};

}  // namespace cluster

#endif  // PLUGINS_HOST_ELF_IMAGE_H_
