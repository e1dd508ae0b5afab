#include "scheduler/highest_score.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

// What a row that may not win has instead of a cost.
constexpr uint32_t kNoHash = std::numeric_limits<uint32_t>::max();
constexpr float kNoCost = std::numeric_limits<float>::infinity();

struct Columns {
  const uint32_t* slots;
  const uint32_t* weights;
  const uint32_t* in_flight;
  size_t rows;
};

// The hash of `slot` for `key`; the least wins. Each step is a bijection.
inline uint32_t Hash(uint32_t slot, uint64_t key) {
  uint32_t hash = slot ^ static_cast<uint32_t>(key);
  hash *= static_cast<uint32_t>(key >> 32) | 1;
  hash ^= hash >> 16;
  hash *= 0x85ebca6b;
  hash ^= hash >> 13;
  hash *= 0xc2b2ae35;
  return hash ^ hash >> 16;
}

// Returns -ln(1 - v) for v = (hash + 1/2) / 2^32, to about six digits: an
// exponentially distributed number that is least where the hash is. Near v = 0,
// where winners are, it keeps its relative precision.
inline float Exponential(uint32_t hash) {
  constexpr float kLn2 = 0.693147181f;
  // Halves of 16 bits, as signed numbers convert faster than unsigned ones.
  const auto to_float = [](uint32_t number) {
    return static_cast<float>(static_cast<int32_t>(number >> 16)) * 0x1p-16f +
           static_cast<float>(static_cast<int32_t>(number & 0xffff)) * 0x1p-32f;
  };
  const float v = to_float(hash) + 0x1p-33f;
  const float u = to_float(~hash) + 0x1p-33f;  // 1 - v, as precise
  // u = m 2^e with m from 1/2 to 1, and ln u = e ln 2 + ln m.
  const int32_t bits = std::bit_cast<int32_t>(u);
  const int32_t e = (bits >> 23) - 126;
  const float m = std::bit_cast<float>((bits & 0x7fffff) | 0x3f000000);
  const float below_one = e == 0 ? v : 1.0f - m;
  // ln m = -2 artanh(s), s = (1 - m) / (1 + m) from 0 to 1/3.
  const float s = below_one / (2.0f - below_one);
  const float q = s * s;
  const float series =
      1.0f +
      q * (1.0f / 3 + q * (0.2f + q * (1.0f / 7 + q * (1.0f / 9 + q / 11))));
  return 2.0f * s * series - static_cast<float>(e) * kLn2;
}

inline bool IsBelow(const Columns& columns, size_t row, double per_weight) {
  return columns.in_flight[row] < per_weight * columns.weights[row];
}

struct WriteHashes {
  template <bool kBounded>
  [[gnu::always_inline]] static void Run(const Columns& columns,
                                         uint64_t key,
                                         double per_weight,
                                         uint32_t* __restrict hashes) {
    const double cap = per_weight * columns.weights[0];
    // in_flight < cap, in whole numbers.
    const bool endless = cap > double{kNoHash};
    const uint32_t full =
        endless ? kNoHash : static_cast<uint32_t>(__builtin_ceil(cap));
    for (size_t i = 0; i < columns.rows; ++i) {
      const uint32_t hash = Hash(columns.slots[i], key);
      hashes[i] = kBounded && columns.in_flight[i] >= full ? kNoHash : hash;
    }
  }
};

struct WriteCosts {
  template <bool kBounded>
  [[gnu::always_inline]] static void Run(const Columns& columns,
                                         uint64_t key,
                                         double per_weight,
                                         float* __restrict costs) {
    for (size_t i = 0; i < columns.rows; ++i) {
      const float cost =
          Exponential(Hash(columns.slots[i], key)) /
          static_cast<float>(static_cast<int32_t>(columns.weights[i]));
      costs[i] = kBounded && !IsBelow(columns, i, per_weight) ? kNoCost : cost;
    }
  }
};

template <class Write, bool kBounded, class T>
void RunPortably(const Columns& columns, uint64_t key, double cap, T* out) {
  Write::template Run<kBounded>(columns, key, cap, out);
}

template <class Write, bool kBounded, class T>
CLUSTER_AVX2 void RunWithAvx2(const Columns& columns,
                              uint64_t key,
                              double cap,
                              T* out) {
  Write::template Run<kBounded>(columns, key, cap, out);
}

template <class Write, bool kBounded, class T>
void Run(const Columns& columns,
         uint64_t key,
         double cap,
         std::vector<T>& out) {
  out.resize(columns.rows);
  if (kHasAvx2) {
    RunWithAvx2<Write, kBounded>(columns, key, cap, out.data());
  } else {
    RunPortably<Write, kBounded>(columns, key, cap, out.data());
  }
}

[[gnu::always_inline]] inline bool AllEqual(const uint32_t* column,
                                            size_t rows) {
  uint32_t differ = 0;
  for (size_t i = 0; i < rows; ++i) differ |= column[i] ^ column[0];
  return differ == 0;
}

bool AllEqualPortably(const uint32_t* column, size_t rows) {
  return AllEqual(column, rows);
}

CLUSTER_AVX2 bool AllEqualWithAvx2(const uint32_t* column, size_t rows) {
  return AllEqual(column, rows);
}

}  // namespace

template <bool kBounded>
size_t HighestScore::Best(double per_weight,
                          uint64_t key,
                          const Candidates& candidates) {
  const Columns columns = {.slots = candidates.slots.data(),
                           .weights = candidates.weights.data(),
                           .in_flight = candidates.in_flight.data(),
                           .rows = candidates.size()};
  if ((kHasAvx2 ? AllEqualWithAvx2 : AllEqualPortably)(columns.weights,
                                                       columns.rows)) {
    Run<WriteHashes, kBounded>(columns, key, per_weight, hashes_);
    least_.Mark(hashes_);
  } else {
    Run<WriteCosts, kBounded>(columns, key, per_weight, costs_);
    least_.Mark(std::span<const float>(costs_));
  }
  if (least_.count() == 1) return least_.Nth(0);
  // Costs that round to one number, or the worst hash beside the full: the same
  // slot must win whatever the order of the rows.
  size_t best = SIZE_MAX;
  for (size_t n = 0; n < least_.count(); ++n) {
    const size_t row = least_.Nth(n);
    if (kBounded && !IsBelow(columns, row, per_weight)) continue;
    if (best == SIZE_MAX || columns.slots[row] < columns.slots[best]) {
      best = row;
    }
  }
  return best;
}

size_t HighestScore::Row(uint64_t key, const Candidates& candidates) {
  return Best<false>(0, key, candidates);
}

size_t HighestScore::RowBelow(double per_weight,
                              uint64_t key,
                              const Candidates& candidates) {
  return Best<true>(per_weight, key, candidates);
}

}  // namespace cluster
