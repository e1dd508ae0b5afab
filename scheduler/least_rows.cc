#include "scheduler/least_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "scheduler/avx2.h"
#include "scheduler/least_weighted.h"

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

// Returns a bit for each of at most 64 rows: whether it is at most `most`.
template <class T>
[[gnu::always_inline]] inline uint64_t WordUpTo(const T* loads,
                                                size_t rows,
                                                T most) {
  using V = typename Vector<T>::Type;
  const V all = V{} + most;
  uint64_t word = 0;
  size_t i = 0;
  for (; i + kLanes <= rows; i += kLanes) {
    V next;
    std::memcpy(&next, loads + i, sizeof(V));
    const auto marked = __builtin_convertvector(next <= all, Mask8);
    word |= uint64_t{__builtin_bit_cast(uint8_t, marked)} << i;
  }
  for (; i < rows; ++i) word |= uint64_t{loads[i] <= most} << i;
  return word;
}

template <class T>
[[gnu::always_inline]] inline size_t MarkUpTo(const T* loads,
                                              T most,
                                              size_t rows,
                                              uint64_t* words) {
  size_t count = 0;
  size_t i = 0;
  for (; i + kWordRows <= rows; i += kWordRows) {
    *words = WordUpTo(loads + i, kWordRows, most);
    count += std::popcount(*words++);
  }
  if (i < rows) {
    *words = WordUpTo(loads + i, rows - i, most);
    count += std::popcount(*words);
  }
  return count;
}

[[gnu::always_inline]] inline size_t FirstUpTo(const uint32_t* column,
                                               uint32_t most,
                                               size_t rows) {
  for (size_t i = 0; i < rows; i += kWordRows) {
    const uint64_t word =
        WordUpTo(column + i, std::min(kWordRows, rows - i), most);
    if (word != 0) return i + std::countr_zero(word);
  }
  return rows;
}

template <class T>
[[gnu::always_inline]] inline size_t MarkLeast(const T* loads,
                                               size_t rows,
                                               uint64_t* words) {
  return MarkUpTo(loads, Least(loads, rows), rows, words);
}

// ---- Loads by weight

[[gnu::always_inline]] inline size_t MarkLeast(const uint32_t* loads,
                                               const uint32_t* weights,
                                               size_t rows,
                                               uint64_t* words) {
  const Weighted least = LeastWeighted(loads, weights, rows);
  size_t count = 0;
  for (size_t i = 0; i < rows; i += kWordRows) {
    *words = EqualWeightedWord(
        loads + i, weights + i, std::min(kWordRows, rows - i), least);
    count += std::popcount(*words++);
  }
  return count;
}

// ---- Loads by weight, as fractions

// Three roundings, each to 24 bits, and the same of what it is compared with.
constexpr float kRounding = 1 + 0x1p-21f;

struct Costs {
  uint32_t least;
  uint32_t any_load;  // every bit that some load has
};

// Writes fractions as their bits: of numbers that are not negative, those are
// in the same order. REQUIRES: loads below 2^31.
[[gnu::always_inline]] inline void WriteCosts(const uint32_t* loads,
                                              const float* inverses,
                                              size_t rows,
                                              uint32_t* __restrict costs,
                                              Costs* found) {
  uint32_t least = std::numeric_limits<uint32_t>::max();
  uint32_t any = 0;
  for (size_t i = 0; i < rows; ++i) {
    const float load = static_cast<float>(static_cast<int32_t>(loads[i]));
    const uint32_t cost = std::bit_cast<uint32_t>(load * inverses[i]);
    costs[i] = cost;
    least = cost < least ? cost : least;
    any |= loads[i];
  }
  *found = {least, any};
}

// Never the least: a row that is not marked.
constexpr uint32_t kNarrowedOut = std::numeric_limits<int32_t>::max();

[[gnu::always_inline]] inline void WriteMarked(const uint32_t* loads,
                                               const uint64_t* words,
                                               size_t rows,
                                               uint32_t* __restrict out) {
  constexpr size_t kHalf = 32;
  const auto write = [=](uint32_t bits,
                         size_t begin,
                         size_t count) __attribute__((always_inline)) {
    for (size_t i = 0; i < count; ++i) {
      const uint32_t load = std::min(loads[begin + i], kNarrowedOut - 1);
      out[begin + i] = bits >> i & 1 ? load : kNarrowedOut;
    }
  };
  size_t i = 0;
  for (; i + kHalf <= rows; i += kHalf) {
    write(
        static_cast<uint32_t>(words[i / kWordRows] >> i % kWordRows), i, kHalf);
  }
  if (i == rows) return;
  write(static_cast<uint32_t>(words[i / kWordRows] >> i % kWordRows),
        i,
        rows - i);
}

// ---- For any processor, and for AVX2

#define CLUSTER_COMPILE_TWICE(result, name)                    \
  template <class... Arguments>                                \
  result name##Portably(Arguments... arguments) {              \
    return name(arguments...);                                 \
  }                                                            \
  template <class... Arguments>                                \
  CLUSTER_AVX2 result name##WithAvx2(Arguments... arguments) { \
    return name(arguments...);                                 \
  }                                                            \
  template <class... Arguments>                                \
  result name##Any(Arguments... arguments) {                   \
    return kHasAvx2 ? name##WithAvx2(arguments...)             \
                    : name##Portably(arguments...);            \
  }

CLUSTER_COMPILE_TWICE(size_t, MarkLeast)
CLUSTER_COMPILE_TWICE(size_t, MarkUpTo)
CLUSTER_COMPILE_TWICE(size_t, FirstUpTo)
CLUSTER_COMPILE_TWICE(void, WriteCosts)
CLUSTER_COMPILE_TWICE(void, WriteMarked)

// More rows than these are compared all together rather than one by one.
constexpr size_t kOneByOne = 24;

// After so many draws the marked rows are gone through.
constexpr int kDraws = 8;

// Returns which bit of `word` is the n-th that is set.
size_t NthBit(uint64_t word, size_t n) {
  if (word == ~uint64_t{0}) return n;
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
  count_ = MarkLeastAny(loads.data(), loads.size(), Reserve(loads.size()));
}

void LeastRows::Mark(std::span<const float> loads) {
  count_ = MarkLeastAny(loads.data(), loads.size(), Reserve(loads.size()));
}

void LeastRows::MarkUpTo(std::span<const uint32_t> column, uint32_t most) {
  count_ =
      MarkUpToAny(column.data(), most, column.size(), Reserve(column.size()));
}

size_t LeastRows::FirstUpTo(std::span<const uint32_t> column, uint32_t most) {
  return FirstUpToAny(column.data(), most, column.size());
}

void LeastRows::FindShares(const Candidates& candidates) {
  const std::span<const uint32_t> weights = candidates.weights;
  equal_ = std::ranges::all_of(
      weights, [&](uint32_t weight) { return weight == weights[0]; });
  inverses_.resize(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    inverses_[i] = 1.0f / static_cast<float>(weights[i]);
  }
}

void LeastRows::Mark(std::span<const uint32_t> loads,
                     const Candidates& candidates) {
  if (view_.Changed(candidates)) FindShares(candidates);
  if (equal_) return Mark(loads);
  const size_t rows = loads.size();
  costs_.resize(rows);
  Costs found;
  WriteCostsAny(loads.data(), inverses_.data(), rows, costs_.data(), &found);
  if (found.any_load <= kNarrowedOut) {
    const float least = std::bit_cast<float>(found.least);
    MarkUpTo(costs_, std::bit_cast<uint32_t>(least * kRounding));
    // Loads of 0 are equal whatever the weights.
    if (count_ == 1 || found.least == 0) return;
    if (count_ <= kOneByOne) return KeepLeast(loads, candidates.weights);
  }
  count_ = MarkLeastAny(
      loads.data(), candidates.weights.data(), rows, Reserve(rows));
}

void LeastRows::KeepLeast(std::span<const uint32_t> loads,
                          std::span<const uint32_t> weights) {
  std::array<size_t, kOneByOne> kept;
  size_t count = 0;
  ForEach([&](size_t row) {
    words_[row / kWordRows] &= ~(uint64_t{1} << row % kWordRows);
    const Weighted next = {loads[row], weights[row]};
    const Weighted best =
        count == 0 ? next : Weighted{loads[kept[0]], weights[kept[0]]};
    if (Less(best, next)) return;
    if (Less(next, best)) count = 0;
    kept[count++] = row;
  });
  for (size_t i = 0; i < count; ++i) {
    words_[kept[i] / kWordRows] |= uint64_t{1} << kept[i] % kWordRows;
  }
  count_ = count;
}

void LeastRows::Narrow(std::span<const uint32_t> loads,
                       const Candidates& candidates) {
  if (count_ <= kOneByOne) return KeepLeast(loads, candidates.weights);
  narrowed_.resize(loads.size());
  WriteMarkedAny(loads.data(), words_.data(), loads.size(), narrowed_.data());
  Mark(narrowed_, candidates);
}

size_t LeastRows::DrawByWeight(const Candidates& candidates,
                               SplitMix64& random) {
  const auto is_marked = [&](size_t row) {
    return (words_[row / kWordRows] >> row % kWordRows & 1) != 0;
  };
  // Where many are marked, as on an idle host, any that is drawn is likely to
  // be; those that are not leave the chances of the others as they are.
  if (count_ > kOneByOne) {
    for (int i = 0; i < kDraws; ++i) {
      const size_t row = draw_.DrawUnequal(random);
      if (is_marked(row)) return row;
    }
  }
  uint64_t total = 0;
  ForEach([&](size_t row) { total += candidates.weights[row]; });
  uint64_t left = random.Below(total);
  size_t drawn = 0;
  ForEach([&](size_t row) {
    // Once it has wrapped it is above all weights.
    if (left < candidates.weights[row]) drawn = row;
    left -= candidates.weights[row];
  });
  return drawn;
}

size_t LeastRows::Nth(size_t n) const {
  for (size_t i = 0;; ++i) {
    const size_t here = std::popcount(words_[i]);
    if (n < here) return i * kWordRows + NthBit(words_[i], n);
    n -= here;
  }
}

}  // namespace cluster
