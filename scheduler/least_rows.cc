#include "scheduler/least_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kWordRows = 64;

template <class T>
struct Vector;
template <>
struct Vector<uint32_t> {
  using Type [[gnu::vector_size(32)]] = uint32_t;
};
template <>
struct Vector<float> {
  using Type [[gnu::vector_size(32)]] = float;
};
using Mask8 = bool __attribute__((ext_vector_type(8)));
using Mask4 = bool __attribute__((ext_vector_type(4)));

// ---- Plain loads

template <class T>
[[gnu::always_inline]] inline T Least(const T* loads, size_t rows) {
  using V = typename Vector<T>::Type;
  if (rows < kLanes) return *std::min_element(loads, loads + rows);
  // The last lanes overlap what came before; the least stays the least.
  V least[4];
  std::memcpy(&least[0], loads + rows - kLanes, sizeof(V));
  least[1] = least[2] = least[3] = least[0];
  size_t i = 0;
  const auto enter = [&](V& into) __attribute__((always_inline)) {
    V next;
    std::memcpy(&next, loads + i, sizeof(V));
    into = next < into ? next : into;
    i += kLanes;
  };
  while (i + 4 * kLanes <= rows) {
    enter(least[0]);
    enter(least[1]);
    enter(least[2]);
    enter(least[3]);
  }
  while (i + kLanes <= rows) enter(least[0]);
  least[0] = least[1] < least[0] ? least[1] : least[0];
  least[2] = least[3] < least[2] ? least[3] : least[2];
  least[0] = least[2] < least[0] ? least[2] : least[0];
  T result = least[0][0];
  for (size_t lane = 1; lane < kLanes; ++lane) {
    result = std::min<T>(result, least[0][lane]);
  }
  return result;
}

// Returns a bit for each of at most 64 rows: whether it equals `least`.
template <class T>
[[gnu::always_inline]] inline uint64_t EqualWord(const T* loads,
                                                 size_t rows,
                                                 T least) {
  using V = typename Vector<T>::Type;
  const V all = V{} + least;
  uint64_t word = 0;
  size_t i = 0;
  for (; i + kLanes <= rows; i += kLanes) {
    V next;
    std::memcpy(&next, loads + i, sizeof(V));
    const auto equal = __builtin_convertvector(next == all, Mask8);
    word |= uint64_t{__builtin_bit_cast(uint8_t, equal)} << i;
  }
  for (; i < rows; ++i) word |= uint64_t{loads[i] == least} << i;
  return word;
}

template <class T>
[[gnu::always_inline]] inline size_t MarkLeast(const T* loads,
                                               size_t rows,
                                               uint64_t* words) {
  const T least = Least(loads, rows);
  size_t count = 0;
  size_t i = 0;
  for (; i + kWordRows <= rows; i += kWordRows) {
    *words = EqualWord(loads + i, kWordRows, least);
    count += std::popcount(*words++);
  }
  if (i < rows) {
    *words = EqualWord(loads + i, rows - i, least);
    count += std::popcount(*words);
  }
  return count;
}

// ---- Loads by weight: a/v < b/w as a*w < b*v, below 2^49

struct Weighted {
  uint32_t load;
  uint32_t weight;
};

inline bool Less(const Weighted& a, const Weighted& b) {
  return uint64_t{a.load} * b.weight < uint64_t{b.load} * a.weight;
}

using Narrow4 [[gnu::vector_size(16)]] = uint32_t;
using Wide4 [[gnu::vector_size(32)]] = uint64_t;
using Signed4 [[gnu::vector_size(32)]] = int64_t;
constexpr uint64_t kLow = 0xffffffff;

#define CLUSTER_LOAD_WIDE(name, from)                 \
  Narrow4 name##_narrow;                              \
  std::memcpy(&name##_narrow, from, sizeof(Narrow4)); \
  const Wide4 name = __builtin_convertvector(name##_narrow, Wide4)

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

[[gnu::always_inline]] inline bool AllEqual(const uint32_t* column,
                                            size_t rows) {
  uint32_t differ = 0;
  for (size_t i = 1; i < rows; ++i) differ |= column[i] ^ column[0];
  return differ == 0;
}

[[gnu::always_inline]] inline size_t MarkLeast(const uint32_t* loads,
                                               const uint32_t* weights,
                                               size_t rows,
                                               uint64_t* words) {
  if (AllEqual(weights, rows)) return MarkLeast(loads, rows, words);
  const Weighted least = LeastWeighted(loads, weights, rows);
  size_t count = 0;
  for (size_t i = 0; i < rows; i += kWordRows) {
    *words = EqualWeightedWord(
        loads + i, weights + i, std::min(kWordRows, rows - i), least);
    count += std::popcount(*words++);
  }
  return count;
}

// ---- For any processor, and for AVX2

template <class... Columns>
size_t MarkPortably(size_t rows, uint64_t* words, Columns... columns) {
  return MarkLeast(columns..., rows, words);
}

template <class... Columns>
CLUSTER_AVX2 size_t MarkWithAvx2(size_t rows,
                                 uint64_t* words,
                                 Columns... columns) {
  return MarkLeast(columns..., rows, words);
}

template <class... Columns>
size_t MarkAny(size_t rows, uint64_t* words, Columns... columns) {
  return kHasAvx2 ? MarkWithAvx2(rows, words, columns...)
                  : MarkPortably(rows, words, columns...);
}

// Returns which bit of `word` is the n-th that is set.
size_t NthBit(uint64_t word, size_t n) {
  while (n-- > 0) word &= word - 1;
  return std::countr_zero(word);
}

}  // namespace

uint64_t* LeastRows::Reserve(size_t rows) {
  const size_t words = (rows + kWordRows - 1) / kWordRows;
  if (words_.size() < words) words_.resize(words);
  return words_.data();
}

void LeastRows::Mark(std::span<const uint32_t> loads) {
  count_ = MarkAny(loads.size(), Reserve(loads.size()), loads.data());
}

void LeastRows::Mark(std::span<const float> loads) {
  count_ = MarkAny(loads.size(), Reserve(loads.size()), loads.data());
}

void LeastRows::Mark(std::span<const uint32_t> loads,
                     std::span<const uint32_t> weights) {
  count_ = MarkAny(
      loads.size(), Reserve(loads.size()), loads.data(), weights.data());
}

size_t LeastRows::Nth(size_t n) const {
  for (size_t i = 0;; ++i) {
    const size_t here = std::popcount(words_[i]);
    if (n < here) return i * kWordRows + NthBit(words_[i], n);
    n -= here;
  }
}

}  // namespace cluster
