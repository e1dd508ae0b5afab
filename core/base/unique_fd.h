// UniqueFd: sole owner of one file descriptor.
//
// Use it wherever a descriptor is held; pass a plain int only to borrow one for
// the length of a call. Closing never touches errno.
//
// Thread safety: none, like a unique_ptr.
//
//   UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
//   if (!fd) return ErrnoStatus("open", path);
#ifndef CORE_BASE_UNIQUE_FD_H_
#define CORE_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cluster {

class UniqueFd {
 public:
  UniqueFd() = default;
  // Takes ownership of `fd`; a negative number means none.
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // Gives ownership to the caller.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  // Closes what is held and takes `fd` instead.
  void Reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    if (old < 0 || old == fd) return;
    const int saved_errno = errno;
    close(old);
    errno = saved_errno;
  }

 private:
  int fd_ = -1;
};

}  // namespace cluster

#endif  // CORE_BASE_UNIQUE_FD_H_
