#include "scheduler/highest_score.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

// What a row that may not win has instead of a hash.
constexpr uint32_t kNoHash = std::numeric_limits<uint32_t>::max();
// More rows than these have their bounds written only if needed.
constexpr size_t kLong = 256;
constexpr size_t kNoRow = std::numeric_limits<size_t>::max();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Of what is rounded on the way to a score or its bound, and more.
constexpr float kRounding = 1 + 0x1p-16f;

// Returns the bits of what is above `score`, whatever was rounded on the way to
// it or to its bound.
inline uint32_t BitsAbove(float score) {
  return std::bit_cast<uint32_t>(score * kRounding);
}

// Turns a slot, or several, into its hash for `key`; the least wins. Each step
// is a bijection.
template <class T>
[[gnu::always_inline]] inline void HashInPlace(T& hash, uint64_t key) {
  hash ^= static_cast<uint32_t>(key);
  hash *= static_cast<uint32_t>(key >> 32) | 1;
  hash ^= hash >> 16;
  hash *= 0x85ebca6b;
  hash ^= hash >> 13;
  hash *= 0xc2b2ae35;
  hash ^= hash >> 16;
}

inline uint32_t Hash(uint32_t slot, uint64_t key) {
  HashInPlace(slot, key);
  return slot;
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

constexpr size_t kLanes = 8;
constexpr size_t kBlock = kLanes * kLanes;
using Lanes [[gnu::vector_size(32)]] = uint32_t;
using SignedLanes [[gnu::vector_size(32)]] = int32_t;
using FloatLanes [[gnu::vector_size(32)]] = float;

[[gnu::always_inline]] inline uint32_t LeastLane(const Lanes& lanes) {
  uint32_t least = lanes[0];
  for (size_t i = 1; i < kLanes; ++i)
    least = std::min<uint32_t>(least, lanes[i]);
  return least;
}

// Columns of candidates and of what is worked out from them.
struct Columns {
  std::span<const uint32_t> slots;
  std::span<const uint32_t> in_flight;
  const float* inverses;  // infinity after the last row
  uint32_t* bounds;       // may be null
  uint32_t* cells;
};

// The cell of row i is i / kBlock * kLanes + i % kLanes.
size_t FirstRowOf(size_t cell) {
  return cell / kLanes * kBlock + cell % kLanes;
}

// Returns a bound below a row's score, as its bits: of numbers that are not
// negative, those are in the same order.
inline uint32_t BoundOf(uint32_t slot, float inverse, uint64_t key) {
  const auto hash = static_cast<int32_t>(Hash(slot, key) >> 8);
  return std::bit_cast<uint32_t>(static_cast<float>(hash) * inverse);
}

// Writes the bounds, and the least of each cell's. If kIsLimited, a row that
// surely has more than `limit`, in units of inverses, has kNoHash. Returns the
// least of all.
template <bool kIsLimited>
[[gnu::always_inline]] inline uint32_t WriteBounds(const Columns& columns,
                                                   uint64_t key,
                                                   float limit) {
  const auto [slots, in_flight, inverses, bounds, cells] = columns;
  const size_t rows = slots.size();
  const size_t whole = rows / kLanes * kLanes;
  uint32_t last_slots[kLanes] = {};
  uint32_t last_in_flight[kLanes] = {};
  if (whole < rows) {
    std::copy(slots.begin() + whole, slots.end(), last_slots);
    std::copy(in_flight.begin() + whole, in_flight.end(), last_in_flight);
  }
  Lanes least = Lanes{} + kNoHash;
  for (size_t begin = 0; begin < rows; begin += kBlock) {
    Lanes least_here = Lanes{} + kNoHash;
    const size_t end = std::min(begin + kBlock, rows);
    for (size_t i = begin; i < end; i += kLanes) {
      const bool is_whole = i < whole;
      Lanes slot;
      FloatLanes inverse;
      std::memcpy(
          &slot, is_whole ? slots.data() + i : last_slots, sizeof(slot));
      std::memcpy(&inverse, inverses + i, sizeof(inverse));
      HashInPlace(slot, key);
      const auto hash = (SignedLanes)(slot >> 8);
      auto bound = (Lanes)(__builtin_convertvector(hash, FloatLanes) * inverse);
      if constexpr (kIsLimited) {
        SignedLanes load;
        std::memcpy(&load,
                    is_whole ? in_flight.data() + i : last_in_flight,
                    sizeof(load));
        bound |= (Lanes)(__builtin_convertvector(load, FloatLanes) * inverse >
                         FloatLanes{} + limit);
      }
      if (bounds != nullptr) std::memcpy(bounds + i, &bound, sizeof(bound));
      least_here = bound < least_here ? bound : least_here;
    }
    std::memcpy(cells + begin / kLanes, &least_here, sizeof(least_here));
    least = least_here < least ? least_here : least;
  }
  return LeastLane(least);
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

template <bool kIsLimited>
uint32_t WriteBoundsPortably(const Columns& columns,
                             uint64_t key,
                             float limit) {
  return WriteBounds<kIsLimited>(columns, key, limit);
}

template <bool kIsLimited>
CLUSTER_AVX2 uint32_t WriteBoundsWithAvx2(const Columns& columns,
                                          uint64_t key,
                                          float limit) {
  return WriteBounds<kIsLimited>(columns, key, limit);
}

}  // namespace

void HighestScore::FindShares(const Candidates& candidates) {
  const std::span<const uint32_t> weights = candidates.weights;
  equal_ = true;
  total_weight_ = 0;
  greatest_weight_ = *std::ranges::max_element(weights);
  greatest_inverse_ =
      0x1p-24f / static_cast<float>(*std::ranges::min_element(weights));
  const size_t blocks = (weights.size() + kBlock - 1) / kBlock;
  inverses_.assign(blocks * kBlock, kInfinity);
  bounds_.assign(blocks * kBlock, kNoHash);
  cells_.assign(blocks * kLanes, kNoHash);
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

float HighestScore::MostFor(uint32_t least) const {
  // -ln(1 - v) is at most v + v * v up to here.
  constexpr float kMostV = 0.5f;
  const float bound = std::bit_cast<float>(least);
  const float v = bound * greatest_weight_ + 0x1p-24f;
  // Not if there is no bound, either: that is no number.
  if (!(v <= kMostV)) return kInfinity;
  return (bound + greatest_inverse_) * (1 + v);
}

size_t HighestScore::OnlyUpTo(float score,
                              uint64_t key,
                              std::span<const uint32_t> slots) {
  const uint32_t most = BitsAbove(score);
  least_.MarkUpTo(cells_, most);
  if (least_.count() != 1) return kNoRow;
  size_t only = kNoRow;
  size_t count = 0;
  const size_t first = FirstRowOf(least_.Nth(0));
  const size_t end = std::min(first + kBlock, slots.size());
  for (size_t row = first; row < end; row += kLanes) {
    const bool found = BoundOf(slots[row], inverses_[row], key) <= most;
    only = found ? row : only;
    count += found ? 1 : 0;
  }
  return count == 1 ? only : kNoRow;
}

template <bool kIsLimited, class IsAllowed>
size_t HighestScore::BestByWeight(uint64_t key,
                                  double limit,
                                  const Candidates& candidates,
                                  IsAllowed is_allowed) {
  const auto write = kHasAvx2 ? WriteBoundsWithAvx2<kIsLimited>
                              : WriteBoundsPortably<kIsLimited>;
  // As that of inverses, and higher by more than anything is rounded.
  const auto float_limit = static_cast<float>(limit * 0x1p-24 * (1 + 0x1p-20));
  const bool is_long = candidates.size() > kLong;
  Columns columns = {.slots = candidates.slots,
                     .in_flight = candidates.in_flight,
                     .inverses = inverses_.data(),
                     .bounds = is_long ? nullptr : bounds_.data(),
                     .cells = cells_.data()};
  const float most = MostFor(write(columns, key, float_limit));
  if (is_long) {
    const size_t only = OnlyUpTo(most, key, candidates.slots);
    if (only != kNoRow && is_allowed(only)) return only;
    columns.bounds = bounds_.data();
    write(columns, key, float_limit);
  }
  const std::span<const uint32_t> bounds =
      std::span(bounds_).first(candidates.size());
  const auto score_of = [&](size_t row) {
    return Exponential(Hash(candidates.slots[row], key)) /
           static_cast<float>(candidates.weights[row]);
  };
  float bound = most;
  while (true) {
    least_.MarkUpTo(bounds, BitsAbove(bound));
    // The least bound is nearly always that of the best.
    size_t best = kNoRow;
    least_.ForEach([&](size_t row) {
      if (best != kNoRow && bounds_[row] >= bounds_[best]) return;
      if (is_allowed(row)) best = row;
    });
    if (best == kNoRow) {
      if (bound == kInfinity) return 0;
      bound *= 8;
      continue;
    }
    if (bound == most && least_.count() == 1) return best;
    const size_t first = best;
    float best_score = score_of(first);
    least_.ForEach([&](size_t row) {
      if (std::bit_cast<float>(bounds_[row]) > best_score * kRounding) return;
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
  return BestByWeight<false>(
      key, kInfinity, candidates, [](size_t) { return true; });
}

size_t HighestScore::RowBelow(double factor,
                              uint64_t key,
                              const Candidates& candidates) {
  if (view_.Changed(candidates)) FindShares(candidates);
  // in_flight + 1 <= ceil(limit) is in_flight < limit. Rounding must not lift a
  // limit over a whole number; a worker at the mean or below is never full.
  constexpr double kRoundDown = 1 - 1e-12;
  const double limit = factor *
                       (static_cast<double>(candidates.total_in_flight) + 1) /
                       static_cast<double>(total_weight_) * kRoundDown;
  if (!equal_) {
    return BestByWeight<true>(key, limit, candidates, [&](size_t row) {
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
