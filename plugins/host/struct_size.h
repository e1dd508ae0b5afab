// What a struct of the plugin ABI can say about its own size. It grows from one
// version to the next, so an older one is shorter and a newer one longer.
//
// Thread safety: pure.
#ifndef PLUGINS_HOST_STRUCT_SIZE_H_
#define PLUGINS_HOST_STRUCT_SIZE_H_

#include <cstddef>
#include <cstdint>

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

}  // namespace cluster

#endif  // PLUGINS_HOST_STRUCT_SIZE_H_
