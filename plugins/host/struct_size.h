// The sizes that structs of the plugin ABI say of themselves. They grow from
// one version to the next, so an older one is shorter and a newer one longer.
//
// Thread safety: pure.
//
//   if (!CanBeSize(given->size, kFirstEntryBytes)) return Refuse(...);
//   const auto entry = CopyKnown<cluster_plugin_entry_t>(given, given->size);
#ifndef PLUGINS_HOST_STRUCT_SIZE_H_
#define PLUGINS_HOST_STRUCT_SIZE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace cluster {

// The bytes of structs in the first version of the ABI that had them.
inline constexpr size_t kFirstEntryBytes = 72;
inline constexpr size_t kFirstWorkerTableBytes = 64;
inline constexpr size_t kFirstConnectionBytes = 56;
inline constexpr size_t kFirstListenerInfoBytes = 56;
inline constexpr size_t kFirstListenOptionsBytes = 16;
inline constexpr size_t kFirstOutgoingBytes = 40;

// No size that is true gets near.
inline constexpr uint32_t kMaxStructBytes = 64 << 10;

// Whether a struct whose first version has `first` bytes can have `size`.
constexpr bool CanBeSize(uint32_t size, size_t first) {
  return size >= first && size <= kMaxStructBytes;
}

// Says what is wrong with a `size` that cannot be: what was found, and wanted.
inline std::string DescribeSize(uint32_t size, size_t first) {
  return std::to_string(size) + " bytes, where " + std::to_string(first) +
         " to " + std::to_string(kMaxStructBytes) + " are possible";
}

// Copies what both sides know of a struct of `size` bytes at `given`; the rest
// is zero.
template <typename Struct>
Struct CopyKnown(const void* given, uint32_t size) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  Struct known = {};
  std::memcpy(&known, given, std::min<size_t>(size, sizeof(known)));
  return known;
}

// Fills a struct of the caller's, of `size` bytes at `out`, with what both
// sides know of `known`; what it has beyond is zero. `known.size` is `size`.
template <typename Struct>
void WriteKnown(const Struct& known, void* out, uint32_t size) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  const size_t common = std::min<size_t>(size, sizeof(known));
  std::memcpy(out, &known, common);
  std::memset(static_cast<char*>(out) + common, 0, size - common);
}

}  // namespace cluster

#endif  // PLUGINS_HOST_STRUCT_SIZE_H_
