// Descriptor: sole owner of one file descriptor.
//
// Thread safety: none.
//
//   Descriptor pipe_end = message.TakeFd(0);
#ifndef PLUGINS_SDK_DESCRIPTOR_H_
#define PLUGINS_SDK_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace cluster::sdk {

class Descriptor {
 public:
  // Owns nothing.
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this == &other) return *this;
    Close();
    fd_ = other.Release();
    return *this;
  }
  ~Descriptor() { Close(); }

  // -1 if it owns nothing.
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Gives it to the caller.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) ::close(Release());
  }

 private:
  int fd_ = -1;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_DESCRIPTOR_H_
