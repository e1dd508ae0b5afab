// OpenFds: the descriptors this process has open, for tests that count them.
//
// Thread safety: none while other threads open or close.
//
//   const size_t before = OpenFds();
//   ...
//   EXPECT_EQ(OpenFds(), before);
#ifndef IPC_OPEN_FDS_H_
#define IPC_OPEN_FDS_H_

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace cluster {

// Returns how many descriptors /proc/self/fd lists, without the one it takes to
// list them.
inline size_t OpenFds() {
  const std::filesystem::directory_iterator fds("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(fds), end(fds))) - 1;
}

}  // namespace cluster

#endif  // IPC_OPEN_FDS_H_
