#include "core/primary/connections/client_key.h"

#include <algorithm>
#include <cstring>

#include "plugins/abi/cluster_plugin.h"
#include "scheduler/hash64.h"

namespace cluster {

uint64_t ClientKey(const SocketAddress& peer, uint64_t seed) {
  size_t size = 0;
  if (peer.family == CLUSTER_FAMILY_IPV4) size = 4;
  if (peer.family == CLUSTER_FAMILY_IPV6) size = 16;
  if (size == 0) return 0;
  uint64_t halves[2] = {};
  std::memcpy(halves, peer.bytes, size);
  uint64_t hash = Hash64(seed ^ peer.family);
  for (const uint64_t half : halves) hash = Hash64(hash ^ half) + seed;
  return std::max<uint64_t>(hash, 1);
}

}  // namespace cluster
