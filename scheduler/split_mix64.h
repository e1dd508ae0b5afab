// SplitMix64: the policies' source of randomness: eight bytes of state, about a
// nanosecond a number, and the same numbers from the same seed on any machine.
//
// Not for secrets: whoever sees its numbers can foretell the rest.
//
// Source: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number
// Generators", OOPSLA 2014. Below() is the nearly divisionless method of
// D. Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29(1),
// 2019.
//
// Thread safety: none.
//
//   SplitMix64 random(seed);
//   const size_t index = random.Below(candidates.size());
#ifndef SCHEDULER_SPLIT_MIX64_H_
#define SCHEDULER_SPLIT_MIX64_H_

#include <cstdint>

namespace cluster {

class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  // Returns 64 uniformly distributed bits.
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Returns a number from 0 to bound - 1, each exactly as likely as any other.
  // REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) {
    if (bound == 1) return 0;
    unsigned __int128 product = Product(bound);
    if (static_cast<uint64_t>(product) < bound) {
      const uint64_t uneven = -bound % bound;  // 2^64 mod bound
      while (static_cast<uint64_t>(product) < uneven) product = Product(bound);
    }
    return static_cast<uint64_t>(product >> 64);
  }

 private:
  unsigned __int128 Product(uint64_t bound) {
    return static_cast<unsigned __int128>(Next()) * bound;
  }

  uint64_t state_;
};

}  // namespace cluster

#endif  // SCHEDULER_SPLIT_MIX64_H_
