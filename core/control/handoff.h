// The hand-off message: one SOCK_SEQPACKET message carries up to
// kMaxHandoffBatch connections, their descriptors by SCM_RIGHTS, unix(7).
//
//   HandoffHeader, then `count` HandoffEntry, one for each descriptor in order
//
// Both sides run the same build, so the layout is that of the structs; the
// worker still checks what it reads.
//
// Thread safety: plain values.
#ifndef CORE_CONTROL_HANDOFF_H_
#define CORE_CONTROL_HANDOFF_H_

#include <cstddef>
#include <cstdint>

#include "core/control/socket_address.h"

namespace cluster {

// SCM_RIGHTS allows 253; beyond 64 a descriptor gets no cheaper.
inline constexpr size_t kMaxHandoffBatch = 64;

inline constexpr uint32_t kHandoffMagic = 0x4f444e48;  // "HNDO"

struct HandoffHeader {
  uint32_t magic = kHandoffMagic;
  uint32_t count = 0;
  uint64_t first_number = 0;  // in the stream; the others follow
};

struct HandoffEntry {
  uint64_t id = 0;
  int64_t accepted_ns = 0;  // CLOCK_MONOTONIC
  SocketAddress peer;  // as accept(2) told it, so that the worker need not ask
};

static_assert(sizeof(HandoffHeader) == 16);
static_assert(sizeof(HandoffEntry) == 40);

inline constexpr size_t kMaxHandoffBytes =
    sizeof(HandoffHeader) + kMaxHandoffBatch * sizeof(HandoffEntry);

}  // namespace cluster

#endif  // CORE_CONTROL_HANDOFF_H_
