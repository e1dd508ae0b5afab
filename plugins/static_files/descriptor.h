// Descriptor: sole owner of one file descriptor. (A plugin builds without the
// host, so it has one of its own.)
//
// Thread safety: none.
//
//   Descriptor file(openat(...));
//   if (!file) return errno;
#ifndef PLUGINS_STATIC_FILES_DESCRIPTOR_H_
#define PLUGINS_STATIC_FILES_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace cluster::static_files {

class Descriptor {
 public:
  Descriptor() = default;
  // Takes `fd`; a negative number means none.
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this == &other) return *this;
    if (fd_ >= 0) close(fd_);
    fd_ = other.Release();
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_DESCRIPTOR_H_
