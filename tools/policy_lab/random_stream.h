// RandomStream: the lab's source of randomness. Streams of one seed are apart
// from each other, so that arrivals, sizes and keys stay the same whatever the
// policies draw.
//
// Source: D. Blackman, S. Vigna, "Scrambled Linear Pseudorandom Number
// Generators", ACM TOMS 47(4), 2021 (xoshiro256++); its state is filled as they
// advise, by SplitMix64.
//
// Thread safety: none.
//
//   RandomStream sizes(seed, 1);
//   const double size_ns = mean_ns * sizes.Exponential();
#ifndef TOOLS_POLICY_LAB_RANDOM_STREAM_H_
#define TOOLS_POLICY_LAB_RANDOM_STREAM_H_

#include <bit>
#include <cmath>
#include <cstdint>

namespace cluster::lab {

class RandomStream {
 public:
  // Equal arguments give equal numbers.
  RandomStream(uint64_t seed, uint64_t stream) {
    uint64_t state = Mix(seed) + 0xd1342543de82ef95 * stream;
    for (uint64_t& word : state_) word = Mix(state += 0x9e3779b97f4a7c15);
  }

  // Returns 64 uniformly distributed bits.
  uint64_t Next() {
    const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Returns a number greater than 0, at most 1.
  double Uniform() { return static_cast<double>((Next() >> 11) + 1) * 0x1p-53; }

  // Returns an exponentially distributed number of mean 1.
  double Exponential() { return -std::log(Uniform()); }

  // Returns a number below `bound`. Some are likelier than others by
  // bound / 2^64, which no simulation sees. REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) {
    return static_cast<unsigned __int128>(Next()) * bound >> 64;
  }

 private:
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t state_[4];
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_RANDOM_STREAM_H_
