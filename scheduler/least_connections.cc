#include "scheduler/least_connections.h"

#include <bit>
#include <cstddef>
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

// Negative, zero or positive as `a` has less, the same or more load for its
// weight than `b`. A product is below 2^49, so nothing overflows.
inline int64_t Compare(const Candidate& a, const Candidate& b) {
  return static_cast<int64_t>(uint64_t{a.in_flight} * b.weight) -
         static_cast<int64_t>(uint64_t{b.in_flight} * a.weight);
}

// Four numbers in one register, or in two where registers are small.
using Unsigned4 [[gnu::vector_size(32)]] = uint64_t;
using Signed4 [[gnu::vector_size(32)]] = int64_t;

// What LoadsOf() takes for granted: (in_flight, weight) is a candidate's second
// word, in_flight its low half.
static_assert(sizeof(Candidate) == 16);
static_assert(offsetof(Candidate, in_flight) == 8);
static_assert(offsetof(Candidate, weight) == 12);
static_assert(std::endian::native == std::endian::little);

// Counts a whole block: Compare() four times at once. Their order does not
// matter; a sign bit survives the `or`.
[[gnu::always_inline]] inline Tally CountBlock(const Candidate* block,
                                               const Candidate& best) {
  const Unsigned4 best_in_flight = Unsigned4{} + best.in_flight;
  const Unsigned4 best_weight = Unsigned4{} + best.weight;
  Signed4 signs = {};
  Signed4 equal = {};
  for (size_t i = 0; i < kBlock; i += 4) {
    Unsigned4 first;
    Unsigned4 second;
    std::memcpy(&first, block + i, sizeof(first));
    std::memcpy(&second, block + i + 2, sizeof(second));
    const Unsigned4 loads = __builtin_shufflevector(first, second, 1, 5, 3, 7);
    const auto theirs = (Signed4)((loads & 0xffffffff) * best_weight);
    const auto ours = (Signed4)((loads >> 32) * best_in_flight);
    signs |= theirs - ours;
    equal -= theirs == ours;  // true is -1
  }
  return {.any_less = (signs[0] | signs[1] | signs[2] | signs[3]) < 0,
          .equal =
              static_cast<uint64_t>(equal[0] + equal[1] + equal[2] + equal[3])};
}

// The same for a block of any size.
inline Tally Count(std::span<const Candidate> block, const Candidate& best) {
  Tally tally;
  for (const Candidate& candidate : block) {
    const int64_t order = Compare(candidate, best);
    tally.any_less |= order < 0;
    tally.equal += order == 0 ? 1 : 0;
  }
  return tally;
}

inline Candidate Least(std::span<const Candidate> block) {
  Candidate least = block.front();
  for (const Candidate& candidate : block) {
    if (Compare(candidate, least) < 0) least = candidate;
  }
  return least;
}

// Returns the index of the (n+1)-th candidate that equals `best`.
inline size_t FindEqual(std::span<const Candidate> candidates,
                        const Candidate& best,
                        uint64_t n) {
  for (size_t i = 0;; ++i) {
    if (Compare(candidates[i], best) == 0 && n-- == 0) return i;
  }
}

// The draw among all that have the least load so far. Each block with ties
// replaces the chosen one with a chance in proportion to them.
struct Draw {
  Candidate best;
  uint64_t ties = 0;    // candidates so far that equal `best`
  size_t chosen = 0;    // where the chosen block begins
  uint64_t within = 0;  // how many of the ties it holds

  [[gnu::always_inline]] void Enter(std::span<const Candidate> block,
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

[[gnu::always_inline]] inline size_t PickLeast(
    std::span<const Candidate> candidates, SplitMix64& random) {
  Draw draw{.best = candidates.front()};
  size_t first = 0;
  for (; first + kBlock <= candidates.size(); first += kBlock) {
    const auto block = candidates.subspan(first).first<kBlock>();
    draw.Enter(block, first, CountBlock(block.data(), draw.best), random);
  }
  if (first < candidates.size()) {
    const auto rest = candidates.subspan(first);
    draw.Enter(rest, first, Count(rest, draw.best), random);
  }
  const uint64_t nth = random.Below(draw.within);
  return draw.chosen +
         FindEqual(candidates.subspan(draw.chosen), draw.best, nth);
}

size_t PickPortably(std::span<const Candidate> candidates, SplitMix64& random) {
  return PickLeast(candidates, random);
}

#ifdef __x86_64__

[[gnu::target("avx2")]] size_t PickWithAvx2(
    std::span<const Candidate> candidates, SplitMix64& random) {
  return PickLeast(candidates, random);
}

const bool kHasAvx2 = __builtin_cpu_supports("avx2");

#endif

}  // namespace

size_t LeastConnections::Pick(std::span<const Candidate> candidates) {
#ifdef __x86_64__
  if (kHasAvx2) return PickWithAvx2(candidates, random_);
#endif
  return PickPortably(candidates, random_);
}

}  // namespace cluster
