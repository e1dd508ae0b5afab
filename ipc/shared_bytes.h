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

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace cluster {

class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(std::vector<std::byte> bytes)
      : owner_(
            std::make_shared<const std::vector<std::byte>>(std::move(bytes))),
        span_(*owner_) {}

  static SharedBytes Copy(std::span<const std::byte> bytes) {
    return SharedBytes(std::vector<std::byte>(bytes.begin(), bytes.end()));
  }

  std::span<const std::byte> span() const { return span_; }
  size_t size() const { return span_.size(); }

  // `count` bytes from `offset` on, of the same memory. REQUIRES: they exist.
  SharedBytes Part(size_t offset, size_t count) const {
    SharedBytes part = *this;
    part.span_ = span_.subspan(offset, count);
    return part;
  }

 private:
  // Shared, since it ends with the last queue that still sends it.
  std::shared_ptr<const std::vector<std::byte>> owner_;
  std::span<const std::byte> span_;
};

}  // namespace cluster

#endif  // IPC_SHARED_BYTES_H_
