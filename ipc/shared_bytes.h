// SharedBytes: bytes that do not change, and that several queues may hold at
// once without a copy.
//
// Thread safety: as shared_ptr: each object belongs to one thread, the bytes to
// all. Lifetime: the bytes live as long as any SharedBytes that holds them.
//
//   const SharedBytes bytes(Encode(message));
//   for (UnixChannel& channel : channels) channel.SendShared(7, head, bytes);
#ifndef IPC_SHARED_BYTES_H_
#define IPC_SHARED_BYTES_H_

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace cluster {

class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(std::vector<std::byte> bytes) {
    auto owner =
        std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    span_ = *owner;
    owner_ = std::move(owner);
  }

  static SharedBytes Copy(std::span<const std::byte> bytes) {
    return Join({}, bytes);
  }
  // Those of `owner`, which has a span(), from where they are. REQUIRES: they
  // stay there when it is moved.
  template <class Owner>
  static SharedBytes Own(Owner owner) {
    auto shared = std::make_shared<const Owner>(std::move(owner));
    SharedBytes bytes;
    bytes.span_ = shared->span();
    bytes.owner_ = std::move(shared);
    return bytes;
  }
  // A copy of both, one behind the other.
  static SharedBytes Join(std::span<const std::byte> head,
                          std::span<const std::byte> rest);

  std::span<const std::byte> span() const { return span_; }
  size_t size() const { return span_.size(); }

  // Whether nobody else holds them.
  bool is_sole() const { return owner_.use_count() == 1; }
  // Gives the last `bytes` of their memory back, as far as they fill pages;
  // what is left of the span is shorter. To free 100 MB takes the kernel some
  // 10 ms. REQUIRES: is_sole(), bytes <= size().
  void DiscardTail(size_t bytes);

  // `count` bytes from `offset` on, of the same memory. REQUIRES: they exist.
  SharedBytes Part(size_t offset, size_t count) const {
    SharedBytes part = *this;
    part.span_ = span_.subspan(offset, count);
    return part;
  }

 private:
  // Shared, since it ends with the last queue that still sends it.
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> span_;
};

inline SharedBytes SharedBytes::Join(std::span<const std::byte> head,
                                     std::span<const std::byte> rest) {
  const size_t size = head.size() + rest.size();
  // One block for the bytes and their count of holders.
  auto owner = std::make_shared_for_overwrite<std::byte[]>(size);
  std::byte* const end = std::copy(head.begin(), head.end(), owner.get());
  std::copy(rest.begin(), rest.end(), end);
  SharedBytes joined;
  joined.span_ = {owner.get(), size};
  joined.owner_ = std::move(owner);
  return joined;
}

inline void SharedBytes::DiscardTail(size_t bytes) {
  constexpr uintptr_t kPage = 4096;
  const auto end = reinterpret_cast<uintptr_t>(span_.data() + span_.size());
  const uintptr_t first = (end - bytes + kPage - 1) / kPage * kPage;
  const uintptr_t last = end / kPage * kPage;
  // The memory is still there; its bytes, which nobody reads any more, are 0.
  if (first < last) {
    madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
  span_ = span_.first(span_.size() - bytes);
}

}  // namespace cluster

#endif  // IPC_SHARED_BYTES_H_
