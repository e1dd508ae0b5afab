// Frames: the unit of every conversation between primary and worker. Layout and
// a worked example: docs/wire_format.md.
//
//   offset  size  field           all little-endian
//        0     4  magic           "CLFR"
//        4     2  version         1
//        6     2  type            FrameType; what it means is core/control's.
//                                 The highest bit is the channel's
//        8     4  fd_count        descriptors that came with the frame, 0-253
//       12     4  reserved        0; nobody looks at it
//       16     8  payload_bytes   what follows the header
//
// Thread safety: plain values.
#ifndef IPC_FRAME_H_
#define IPC_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/unique_fd.h"

namespace cluster {

inline constexpr uint32_t kFrameMagic = 0x52464c43;  // "CLFR"
inline constexpr uint16_t kFrameVersion = 1;
inline constexpr size_t kFrameHeaderBytes = 24;
// In `type`: what follows is no payload but its RingPlace (payload_ring.h).
inline constexpr uint16_t kInRing = 0x8000;
// A `type`: the descriptor is the ring that the sender writes.
inline constexpr uint16_t kRingOffer = 0xffff;
// SCM_MAX_FD in unix(7).
inline constexpr size_t kMaxFrameFds = 253;

struct FrameHeader {
  uint16_t type = 0;
  uint32_t fd_count = 0;
  uint64_t payload_bytes = 0;
};

// One received frame. `payload` points into the decoder and is valid until its
// next Feed() or Next(); the descriptors are the receiver's, as many as were
// sent. The last of them are empty if they were lost on arrival, as this
// process had no number left for them (ipc/lost_descriptors.h).
struct Frame {
  uint16_t type = 0;
  std::span<const std::byte> payload;
  std::vector<UniqueFd> fds;
};

}  // namespace cluster

#endif  // IPC_FRAME_H_
