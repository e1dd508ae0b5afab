#include "scheduler/highest_score.h"

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

// Writes the hash of each row that has at most `most`. Returns the least.
[[gnu::always_inline]] inline uint32_t WriteHashes(const uint32_t* slots,
                                                   const uint32_t* in_flight,
                                                   size_t rows,
                                                   uint64_t key,
                                                   uint32_t most,
                                                   uint32_t* __restrict out) {
  uint32_t least = kNoHash;
  for (size_t i = 0; i < rows; ++i) {
    const uint32_t hash = in_flight[i] <= most ? Hash(slots[i], key) : kNoHash;
    out[i] = hash;
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

uint32_t WriteHashesPortably(const uint32_t* slots,
                             const uint32_t* in_flight,
                             size_t rows,
                             uint64_t key,
                             uint32_t most,
                             uint32_t* out) {
  return WriteHashes(slots, in_flight, rows, key, most, out);
}

CLUSTER_AVX2 uint32_t WriteHashesWithAvx2(const uint32_t* slots,
                                          const uint32_t* in_flight,
                                          size_t rows,
                                          uint64_t key,
                                          uint32_t most,
                                          uint32_t* out) {
  return WriteHashes(slots, in_flight, rows, key, most, out);
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
  for (size_t i = 0; i < weights.size(); ++i) {
    equal_ &= weights[i] == weights[0];
    total_weight_ += weights[i];
    inverses_[i] = 0x1p-24f / static_cast<float>(weights[i]);
  }
}

size_t HighestScore::BestOfEqual(uint64_t key,
                                 uint32_t most,
                                 const Candidates& candidates) {
  hashes_.resize(candidates.size());
  const uint32_t least = (kHasAvx2 ? WriteHashesWithAvx2 : WriteHashesPortably)(
      candidates.slots.data(),
      candidates.in_flight.data(),
      candidates.size(),
      key,
      most,
      hashes_.data());
  const size_t first = LeastRows::FirstUpTo(hashes_, least);
  if (least != kNoHash) return first;
  least_.MarkUpTo(hashes_, least);
  // The worst of all hashes, beside rows that have more.
  size_t best = first;
  least_.ForEach([&](size_t row) {
    if (candidates.in_flight[row] <= most) best = row;
  });
  return best;
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
  float bound = kLookedAt / static_cast<float>(total_weight_);
  while (true) {
    least_.MarkUpTo(hashes_, std::bit_cast<uint32_t>(bound * kRounding));
    size_t best = SIZE_MAX;
    float best_score = std::numeric_limits<float>::infinity();
    least_.ForEach([&](size_t row) {
      if (std::bit_cast<float>(hashes_[row]) > best_score * kRounding) return;
      if (!is_allowed(row)) return;
      const float score = Exponential(Hash(candidates.slots[row], key)) /
                          static_cast<float>(candidates.weights[row]);
      // Scores that round to one number: the same slot must win whatever the
      // order of the rows.
      if (score < best_score ||
          (score == best_score && best != SIZE_MAX &&
           candidates.slots[row] < candidates.slots[best])) {
        best = row;
        best_score = score;
      }
    });
    // No row that was not looked at can be better.
    if (best_score <= bound) return best;
    if (best == SIZE_MAX && least_.count() == candidates.size()) return 0;
    bound = best != SIZE_MAX ? best_score : bound * 8;
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
