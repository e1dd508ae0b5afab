// Hash64: mixes the bits of a number, so that sticky policies can spread keys.
//
// A bijection: distinct numbers stay distinct. Not for secrets; whoever may not
// foretell where a key goes must not know the seed that is mixed in.
//
// Source: the finaliser of SplitMix64 (variant 13 of D. Stafford, "Better Bit
// Mixing", 2011).
//
// Thread safety: a free function, safe from any thread.
#ifndef SCHEDULER_HASH64_H_
#define SCHEDULER_HASH64_H_

#include <cstdint>

namespace cluster {

inline constexpr uint64_t Hash64(uint64_t number) {
  number ^= number >> 30;
  number *= 0xbf58476d1ce4e5b9;
  number ^= number >> 27;
  number *= 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

}  // namespace cluster

#endif  // SCHEDULER_HASH64_H_
