// MessageBytes: the bytes of one message, as they arrive in parts.
//
// A message may be as large as 128 MiB and its size is announced by somebody
// who may lie: memory is taken for what has arrived, and it grows in place
// (realloc moves large blocks by their pages), so no turn of a loop is spent on
// copying what came before.
//
// Thread safety: none.
//
//   if (!bytes.Append(part)) return NoMemory();
//   Use(bytes.span());
#ifndef CORE_CONTROL_MESSAGE_BYTES_H_
#define CORE_CONTROL_MESSAGE_BYTES_H_

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>

#include "ipc/shared_bytes.h"

namespace cluster {

class MessageBytes {
 public:
  MessageBytes() = default;
  MessageBytes(MessageBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  MessageBytes& operator=(MessageBytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~MessageBytes() { std::free(data_); }

  // Returns false when there is no memory: nothing was done.
  [[nodiscard]] bool Append(std::span<const std::byte> part) {
    if (part.empty()) return true;
    if (part.size() > capacity_ - size_) {
      const size_t wanted = std::max(size_ + part.size(), capacity_ * 2);
      void* const grown = std::realloc(data_, wanted);
      if (grown == nullptr) return false;
      data_ = static_cast<std::byte*>(grown);
      capacity_ = wanted;
    }
    std::memcpy(data_ + size_, part.data(), part.size());
    size_ += part.size();
    return true;
  }

  // The same bytes, for several to hold; this has none then.
  SharedBytes Share() {
    if (size_ == 0) return {};
    return SharedBytes::Own(std::exchange(*this, {}));
  }

  size_t size() const { return size_; }
  std::span<const std::byte> span() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace cluster

#endif  // CORE_CONTROL_MESSAGE_BYTES_H_
