// ResidentBytes: how much of some memory there is, to see when it is freed.
//
// Thread safety: any.
//
//   const size_t left = ResidentBytes(bytes.data(), bytes.size());
#ifndef CORE_CONTROL_TESTING_RESIDENT_BYTES_H_
#define CORE_CONTROL_TESTING_RESIDENT_BYTES_H_

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cluster {

// Of the whole pages of the `size` bytes at `data`, those that memory is taken
// for. The memory may be freed; 0 then, unless the allocator keeps it.
inline size_t ResidentBytes(const std::byte* data, size_t size) {
  constexpr uintptr_t kPage = 4096;
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const uintptr_t last = (begin + size) / kPage * kPage;
  if (first >= last) return 0;
  std::vector<unsigned char> pages((last - first) / kPage);
  if (mincore(reinterpret_cast<void*>(first), last - first, pages.data()) != 0)
    return 0;
  const auto resident =
      std::count_if(pages.begin(), pages.end(), [](unsigned char page) {
        return (page & 1) != 0;
      });
  return static_cast<size_t>(resident) * kPage;
}

}  // namespace cluster

#endif  // CORE_CONTROL_TESTING_RESIDENT_BYTES_H_
