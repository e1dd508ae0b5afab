#include "scheduler/least_connections.h"

#include <algorithm>

namespace cluster {
namespace {

// Candidates compared at once, without a branch.
constexpr size_t kBlock = 16;

// Negative, zero or positive as `a` has less, the same or more load for its
// weight than `b`. A product is below 2^32 * 2^17, so nothing overflows.
inline int64_t Compare(const Candidate& a, const Candidate& b) {
  return static_cast<int64_t>(uint64_t{a.in_flight} * b.weight) -
         static_cast<int64_t>(uint64_t{b.in_flight} * a.weight);
}

struct Tally {
  bool any_less = false;
  uint64_t equal = 0;
};

// Says how the candidates compare to `best`. The compiler turns the loop into
// vector instructions: a sign bit survives the `or`.
inline Tally Count(std::span<const Candidate> block, Candidate best) {
  int64_t signs = 0;
  uint64_t equal = 0;
  for (const Candidate& candidate : block) {
    const int64_t order = Compare(candidate, best);
    signs |= order;
    equal += order == 0 ? 1 : 0;
  }
  return {.any_less = signs < 0, .equal = equal};
}

Candidate Least(std::span<const Candidate> block) {
  return *std::min_element(
      block.begin(), block.end(), [](const Candidate& a, const Candidate& b) {
        return Compare(a, b) < 0;
      });
}

// Returns the index of the (n+1)-th candidate of the block that equals `best`.
size_t FindEqual(std::span<const Candidate> block, Candidate best, uint64_t n) {
  for (size_t i = 0;; ++i) {
    if (Compare(block[i], best) == 0 && n-- == 0) return i;
  }
}

}  // namespace

size_t LeastConnections::Pick(std::span<const Candidate> candidates) {
  Candidate best = candidates.front();
  uint64_t ties = 0;    // candidates seen so far that equal `best`
  size_t chosen = 0;    // first index of a block, picked in proportion to ...
  uint64_t within = 0;  // ... the ties within it
  for (size_t first = 0; first < candidates.size(); first += kBlock) {
    const bool whole = candidates.size() - first >= kBlock;
    const std::span<const Candidate> block =
        candidates.subspan(first, whole ? kBlock : candidates.size() - first);
    Tally tally =
        whole ? Count(block.first<kBlock>(), best) : Count(block, best);
    if (tally.any_less) {
      best = Least(block);
      tally = Count(block, best);
      ties = 0;
    }
    if (tally.equal == 0) continue;
    ties += tally.equal;
    if (tally.equal == ties || random_.Below(ties) < tally.equal) {
      chosen = first;
      within = tally.equal;
    }
  }
  return chosen +
         FindEqual(candidates.subspan(chosen), best, random_.Below(within));
}

}  // namespace cluster
