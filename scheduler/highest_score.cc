#include "scheduler/highest_score.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

// What a row that may not win has instead of a hash.
constexpr uint32_t kNoHash = std::numeric_limits<uint32_t>::max();
// How many rows are looked at closely, if all goes as chance has it.
constexpr float kLookedAt = 4;

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

// Returns the number that, multiplied with `odd`, gives 1.
constexpr uint32_t InverseOf(uint32_t odd) {
  uint32_t inverse = odd;  // right in 3 bits, and in twice as many each time
  for (int i = 0; i < 4; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}

// Returns the slot that has `hash` for `key`: the steps of Hash(), backwards.
inline uint32_t SlotOf(uint32_t hash, uint64_t key) {
  hash ^= hash >> 16;
  hash *= InverseOf(0xc2b2ae35);
  hash ^= hash >> 13 ^ hash >> 26;
  hash *= InverseOf(0x85ebca6b);
  hash ^= hash >> 16;
  hash *= InverseOf(static_cast<uint32_t>(key >> 32) | 1);
  return hash ^ static_cast<uint32_t>(key);
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

// Returns the least hash of the rows that have at most `most`.
[[gnu::always_inline]] inline uint32_t LeastHash(const uint32_t* slots,
                                                 const uint32_t* in_flight,
                                                 size_t rows,
                                                 uint64_t key,
                                                 uint32_t most) {
  uint32_t least = kNoHash;
  for (size_t i = 0; i < rows; ++i) {
    const uint32_t hash = in_flight[i] <= most ? Hash(slots[i], key) : kNoHash;
    least = hash < least ? hash : least;
  }
  return least;
}

// Writes a bound below each row's score, as its bits: of numbers that are not
// negative, those are in the same order.
[[gnu::always_inline]] inline void WriteBounds(const uint32_t* slots,
                                               const float* inverses,
                                               size_t rows,
                                               uint64_t key,
                                               uint32_t* __restrict out) {
  for (size_t i = 0; i < rows; ++i) {
    const auto bits = static_cast<int32_t>(Hash(slots[i], key) >> 8);
    out[i] = std::bit_cast<uint32_t>(static_cast<float>(bits) * inverses[i]);
  }
}

[[gnu::always_inline]] inline uint64_t Sum(const uint32_t* column,
                                           size_t rows) {
  uint64_t sum = 0;
  for (size_t i = 0; i < rows; ++i) sum += column[i];
  return sum;
}

uint32_t LeastHashPortably(const uint32_t* slots,
                           const uint32_t* in_flight,
                           size_t rows,
                           uint64_t key,
                           uint32_t most) {
  return LeastHash(slots, in_flight, rows, key, most);
}

CLUSTER_AVX2 uint32_t LeastHashWithAvx2(const uint32_t* slots,
                                        const uint32_t* in_flight,
                                        size_t rows,
                                        uint64_t key,
                                        uint32_t most) {
  return LeastHash(slots, in_flight, rows, key, most);
}

void WriteBoundsPortably(const uint32_t* slots,
                         const float* inverses,
                         size_t rows,
                         uint64_t key,
                         uint32_t* out) {
  WriteBounds(slots, inverses, rows, key, out);
}

CLUSTER_AVX2 void WriteBoundsWithAvx2(const uint32_t* slots,
                                      const float* inverses,
                                      size_t rows,
                                      uint64_t key,
                                      uint32_t* out) {
  WriteBounds(slots, inverses, rows, key, out);
}

uint64_t SumPortably(const uint32_t* column, size_t rows) {
  return Sum(column, rows);
}

CLUSTER_AVX2 uint64_t SumWithAvx2(const uint32_t* column, size_t rows) {
  return Sum(column, rows);
}

}  // namespace

void HighestScore::FindShares(const Candidates& candidates) {
  const std::span<const uint32_t> weights = candidates.weights;
  equal_ = true;
  total_weight_ = 0;
  inverses_.resize(weights.size());
  rows_.clear();
  for (size_t i = 0; i < weights.size(); ++i) {
    equal_ &= weights[i] == weights[0];
    total_weight_ += weights[i];
    inverses_[i] = 0x1p-24f / static_cast<float>(weights[i]);
    const uint32_t slot = candidates.slots[i];
    if (slot >= rows_.size()) rows_.resize(size_t{slot} + 1);
    rows_[slot] = static_cast<uint32_t>(i);
  }
}

size_t HighestScore::BestOfEqual(uint64_t key,
                                 uint32_t most,
                                 const Candidates& candidates) {
  const uint32_t least = (kHasAvx2 ? LeastHashWithAvx2 : LeastHashPortably)(
      candidates.slots.data(),
      candidates.in_flight.data(),
      candidates.size(),
      key,
      most);
  if (least != kNoHash) return rows_[SlotOf(least, key)];
  // The worst of all hashes, beside rows that have more.
  const auto allowed = std::ranges::find_if(
      candidates.in_flight, [&](uint32_t load) { return load <= most; });
  return allowed == candidates.in_flight.end()
             ? 0
             : allowed - candidates.in_flight.begin();
}

template <class IsAllowed>
size_t HighestScore::BestByWeight(uint64_t key,
                                  const Candidates& candidates,
                                  IsAllowed is_allowed) {
  hashes_.resize(candidates.size());
  (kHasAvx2 ? WriteBoundsWithAvx2 : WriteBoundsPortably)(
      candidates.slots.data(),
      inverses_.data(),
      candidates.size(),
      key,
      hashes_.data());
  // Of what is rounded on the way, and more.
  constexpr float kRounding = 1 + 0x1p-16f;
  const auto score_of = [&](size_t row) {
    return Exponential(Hash(candidates.slots[row], key)) /
           static_cast<float>(candidates.weights[row]);
  };
  float bound = kLookedAt / static_cast<float>(total_weight_);
  while (true) {
    least_.MarkUpTo(hashes_, std::bit_cast<uint32_t>(bound * kRounding));
    // The least bound is nearly always that of the best: then no other score
    // has to be worked out.
    size_t best = SIZE_MAX;
    least_.ForEach([&](size_t row) {
      if (best != SIZE_MAX && hashes_[row] >= hashes_[best]) return;
      if (is_allowed(row)) best = row;
    });
    if (best == SIZE_MAX) {
      if (least_.count() == candidates.size()) return 0;
      bound *= 8;
      continue;
    }
    const size_t first = best;
    float best_score = score_of(first);
    least_.ForEach([&](size_t row) {
      if (std::bit_cast<float>(hashes_[row]) > best_score * kRounding) return;
      if (row == first || !is_allowed(row)) return;
      const float score = score_of(row);
      // Scores that round to one number: the same slot must win whatever the
      // order of the rows.
      if (score < best_score ||
          (score == best_score &&
           candidates.slots[row] < candidates.slots[best])) {
        best = row;
        best_score = score;
      }
    });
    // No row that was not looked at can be better.
    if (best_score <= bound) return best;
    bound = best_score;
  }
}

size_t HighestScore::Row(uint64_t key, const Candidates& candidates) {
  if (view_.Changed(candidates)) FindShares(candidates);
  if (equal_) return BestOfEqual(key, kNoHash, candidates);
  return BestByWeight(key, candidates, [](size_t) { return true; });
}

size_t HighestScore::RowBelow(double factor,
                              uint64_t key,
                              const Candidates& candidates) {
  if (view_.Changed(candidates)) FindShares(candidates);
  const uint64_t in_flight = (kHasAvx2 ? SumWithAvx2 : SumPortably)(
      candidates.in_flight.data(), candidates.size());
  // in_flight + 1 <= ceil(limit) is in_flight < limit. Rounding must not lift a
  // limit over a whole number; a worker at the mean or below is never full.
  constexpr double kRoundDown = 1 - 1e-12;
  const double limit = factor * (static_cast<double>(in_flight) + 1) /
                       static_cast<double>(total_weight_) * kRoundDown;
  if (!equal_) {
    return BestByWeight(key, candidates, [&](size_t row) {
      return candidates.in_flight[row] < limit * candidates.weights[row];
    });
  }
  const double most = std::ceil(limit * candidates.weights[0]) - 1;
  return BestOfEqual(
      key,
      most < double{kNoHash} ? static_cast<uint32_t>(most) : kNoHash,
      candidates);
}

}  // namespace cluster
