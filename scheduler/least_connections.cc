#include "scheduler/least_connections.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cluster {
namespace {

// Candidates compared at once, without a branch.
constexpr size_t kBlock = 16;

// How the candidates of a block compare to the best one.
struct Tally {
  bool any_less = false;
  uint64_t equal = 0;
};

struct Load {
  uint32_t in_flight;
  uint32_t weight;
};

// The two columns that count.
struct Loads {
  const uint32_t* in_flight;
  const uint32_t* weights;
  size_t size;

  Load operator[](size_t i) const { return {in_flight[i], weights[i]}; }
  Loads From(size_t first, size_t count) const {
    return {in_flight + first, weights + first, count};
  }
};

// Negative, zero or positive as `a` has less, the same or more load for its
// weight than `b`. A product is below 2^49, so nothing overflows.
inline int64_t Compare(const Load& a, const Load& b) {
  return static_cast<int64_t>(uint64_t{a.in_flight} * b.weight) -
         static_cast<int64_t>(uint64_t{b.in_flight} * a.weight);
}

// Four numbers in one register, or in two where registers are small.
using Narrow4 [[gnu::vector_size(16)]] = uint32_t;
using Unsigned4 [[gnu::vector_size(32)]] = uint64_t;
using Signed4 [[gnu::vector_size(32)]] = int64_t;

// Counts a whole block: Compare() four times at once. A sign bit survives the
// `or`.
[[gnu::always_inline]] inline Tally CountBlock(const Loads& block,
                                               const Load& best) {
  const Unsigned4 best_in_flight = Unsigned4{} + best.in_flight;
  const Unsigned4 best_weight = Unsigned4{} + best.weight;
  Signed4 signs = {};
  Signed4 equal = {};
  for (size_t i = 0; i < kBlock; i += 4) {
    Narrow4 in_flight;
    Narrow4 weights;
    std::memcpy(&in_flight, block.in_flight + i, sizeof(in_flight));
    std::memcpy(&weights, block.weights + i, sizeof(weights));
    const auto theirs =
        (Signed4)(__builtin_convertvector(in_flight, Unsigned4) * best_weight);
    const auto ours =
        (Signed4)(__builtin_convertvector(weights, Unsigned4) * best_in_flight);
    signs |= theirs - ours;
    equal -= theirs == ours;  // true is -1
  }
  return {.any_less = (signs[0] | signs[1] | signs[2] | signs[3]) < 0,
          .equal =
              static_cast<uint64_t>(equal[0] + equal[1] + equal[2] + equal[3])};
}

// The same for a block of any size.
inline Tally Count(const Loads& block, const Load& best) {
  Tally tally;
  for (size_t i = 0; i < block.size; ++i) {
    const int64_t order = Compare(block[i], best);
    tally.any_less |= order < 0;
    tally.equal += order == 0 ? 1 : 0;
  }
  return tally;
}

inline Load Least(const Loads& block) {
  Load least = block[0];
  for (size_t i = 1; i < block.size; ++i) {
    if (Compare(block[i], least) < 0) least = block[i];
  }
  return least;
}

// Returns the index of the (n+1)-th candidate that equals `best`.
inline size_t FindEqual(const Loads& loads, const Load& best, uint64_t n) {
  for (size_t i = 0;; ++i) {
    if (Compare(loads[i], best) == 0 && n-- == 0) return i;
  }
}

// The draw among all that have the least load so far. Each block with ties
// replaces the chosen one with a chance in proportion to them.
struct Draw {
  Load best;
  uint64_t ties = 0;    // candidates so far that equal `best`
  size_t chosen = 0;    // where the chosen block begins
  uint64_t within = 0;  // how many of the ties it holds

  [[gnu::always_inline]] void Enter(const Loads& block,
                                    size_t first,
                                    Tally tally,
                                    SplitMix64& random) {
    if (tally.any_less) {
      best = Least(block);
      tally = Count(block, best);
      ties = 0;
    }
    if (tally.equal == 0) return;
    ties += tally.equal;
    if (tally.equal < ties && random.Below(ties) >= tally.equal) return;
    chosen = first;
    within = tally.equal;
  }
};

[[gnu::always_inline]] inline size_t PickLeast(const Loads& loads,
                                               SplitMix64& random) {
  Draw draw{.best = loads[0]};
  size_t first = 0;
  for (; first + kBlock <= loads.size; first += kBlock) {
    const Loads block = loads.From(first, kBlock);
    draw.Enter(block, first, CountBlock(block, draw.best), random);
  }
  if (first < loads.size) {
    const Loads rest = loads.From(first, loads.size - first);
    draw.Enter(rest, first, Count(rest, draw.best), random);
  }
  const uint64_t nth = random.Below(draw.within);
  return draw.chosen +
         FindEqual(
             loads.From(draw.chosen, loads.size - draw.chosen), draw.best, nth);
}

size_t PickPortably(const Loads& loads, SplitMix64& random) {
  return PickLeast(loads, random);
}

#ifdef __x86_64__

[[gnu::target("avx2")]] size_t PickWithAvx2(const Loads& loads,
                                            SplitMix64& random) {
  return PickLeast(loads, random);
}

const bool kHasAvx2 = __builtin_cpu_supports("avx2");

#endif

}  // namespace

size_t LeastConnections::Pick(const Arrival&, const Candidates& candidates) {
  const Loads loads = {candidates.in_flight.data(),
                       candidates.weights.data(),
                       candidates.size()};
#ifdef __x86_64__
  if (kHasAvx2) return PickWithAvx2(loads, random_);
#endif
  return PickPortably(loads, random_);
}

}  // namespace cluster
