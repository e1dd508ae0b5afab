// Descriptors that were sent and did not arrive.
//
// A process that is at its limit (RLIMIT_NOFILE) gets the bytes of a message
// and as many of its descriptors as there are numbers left; the kernel closes
// the others. Nothing tells before it reads, so who gets a frame looks at what
// came with it. A lost one is an empty UniqueFd, behind those that came.
//
// Thread safety: free functions, safe from any thread.
//
//   if (CountLost(frame.fds) > 0) return DescriptorsLost();
#ifndef IPC_LOST_DESCRIPTORS_H_
#define IPC_LOST_DESCRIPTORS_H_

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"

namespace cluster {

size_t CountLost(std::span<const UniqueFd> fds);

// What to say of it: EMFILE from recvmsg, with the limit.
absl::Status DescriptorsLost();

}  // namespace cluster

#endif  // IPC_LOST_DESCRIPTORS_H_
