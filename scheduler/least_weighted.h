// LeastWeighted: the least load by weight, exactly: a/v < b/w is a*w < b*v,
// below 2^49. For least_rows.cc, which compiles it for two kinds of processor.
//
// Thread safety: free functions, safe from any thread.
#ifndef SCHEDULER_LEAST_WEIGHTED_H_
#define SCHEDULER_LEAST_WEIGHTED_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cluster {

struct Weighted {
  uint32_t load;
  uint32_t weight;
};

inline bool Less(const Weighted& a, const Weighted& b) {
  return uint64_t{a.load} * b.weight < uint64_t{b.load} * a.weight;
}

using Mask4 = bool __attribute__((ext_vector_type(4)));
using Narrow4 [[gnu::vector_size(16)]] = uint32_t;
using Wide4 [[gnu::vector_size(32)]] = uint64_t;
using Signed4 [[gnu::vector_size(32)]] = int64_t;
inline constexpr uint64_t kLow = 0xffffffff;

#define CLUSTER_LOAD_WIDE(name, from)                 \
  Narrow4 name##_narrow;                              \
  std::memcpy(&name##_narrow, from, sizeof(Narrow4)); \
  const Wide4 name = __builtin_convertvector(name##_narrow, Wide4)

// REQUIRES: there is a row.
[[gnu::always_inline]] inline Weighted LeastWeighted(const uint32_t* loads,
                                                     const uint32_t* weights,
                                                     size_t rows) {
  Weighted least = {loads[0], weights[0]};
  size_t i = 0;
  if (rows >= 8) {
    // Four lanes twice, each with a least of its own. The masks tell the
    // compiler that one multiplication of halves is enough.
    Wide4 load[2] = {Wide4{} + loads[0], Wide4{} + loads[0]};
    Wide4 weight[2] = {Wide4{} + weights[0], Wide4{} + weights[0]};
    for (; i + 8 <= rows; i += 8) {
      for (size_t half = 0; half < 2; ++half) {
        CLUSTER_LOAD_WIDE(next_load, loads + i + 4 * half);
        CLUSTER_LOAD_WIDE(next_weight, weights + i + 4 * half);
        const auto theirs = (Signed4)(next_load * (weight[half] & kLow));
        const auto ours = (Signed4)((load[half] & kLow) * next_weight);
        const auto less = theirs < ours;
        load[half] = less ? next_load : load[half];
        weight[half] = less ? next_weight : weight[half];
      }
    }
    for (size_t lane = 0; lane < 8; ++lane) {
      const Weighted next = {static_cast<uint32_t>(load[lane / 4][lane % 4]),
                             static_cast<uint32_t>(weight[lane / 4][lane % 4])};
      if (Less(next, least)) least = next;
    }
  }
  for (; i < rows; ++i) {
    const Weighted next = {loads[i], weights[i]};
    if (Less(next, least)) least = next;
  }
  return least;
}

// Returns a bit for each of at most 64 rows: whether it equals `least`.
[[gnu::always_inline]] inline uint64_t EqualWeightedWord(
    const uint32_t* loads,
    const uint32_t* weights,
    size_t rows,
    const Weighted& least) {
  const Wide4 least_load = Wide4{} + least.load;
  const Wide4 least_weight = Wide4{} + least.weight;
  uint64_t word = 0;
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    CLUSTER_LOAD_WIDE(load, loads + i);
    CLUSTER_LOAD_WIDE(weight, weights + i);
    const auto equal = __builtin_convertvector(
        load * least_weight == least_load * weight, Mask4);
    // Four bools fill the low half of a byte.
    word |= uint64_t{__builtin_bit_cast(uint8_t, equal) & 0xfu} << i;
  }
  for (; i < rows; ++i) {
    const bool equal =
        uint64_t{loads[i]} * least.weight == uint64_t{least.load} * weights[i];
    word |= uint64_t{equal} << i;
  }
  return word;
}

#undef CLUSTER_LOAD_WIDE

}  // namespace cluster

#endif  // SCHEDULER_LEAST_WEIGHTED_H_
