// HighestScore: rendezvous hashing. Every slot has a score for a key, made from
// nothing but the two and its weight; the highest wins.
//
// So a worker that goes moves only its own keys, one that comes takes only its
// share, and a worker with twice the weight wins twice as many keys. A
// restarted worker, which has its predecessor's slot, keeps its keys.
//
// Source: D. Thaler and C. Ravishankar, "Using Name-Based Mappings to Increase
// Hit Rates", IEEE/ACM TON 6(1), 1998; the weighted form, the least of
// -ln(u) / w, is the logarithmic method of C. Schindelhauer and G. Schomaker,
// "Weighted Distributed Hash Tables", SPAA 2005.
//
// The hash is 32 bits wide, for eight rows at a time: the finaliser of A.
// Appleby's MurmurHash3 over the slot, stirred with the two halves of the key.
// For one key it is a bijection, so no two slots have the same score where
// weights are equal, and the least hash wins: from it the slot is worked out
// backwards, without a second look at the rows. Where they differ, u / w of few
// bits is a bound of the score that costs no logarithm; nearly always the least
// bound is that of the best, as no other is below what its score is at most.
// Else scores are worked out for the few rows whose bounds are.
//
// Thread safety: none. Allocates only for more rows than ever before.
//
//   return score_.Row(Hash64(arrival.key ^ seed), candidates);
#ifndef SCHEDULER_HIGHEST_SCORE_H_
#define SCHEDULER_HIGHEST_SCORE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/least_rows.h"
#include "scheduler/policy.h"
#include "scheduler/view_memo.h"

namespace cluster {

class HighestScore {
 public:
  // Returns the row that wins `key`, which is well mixed. O(n).
  size_t Row(uint64_t key, const Candidates& candidates);

  // The same among the rows with in_flight < limit * weight, where `limit` is
  // `factor` times what there is in flight, one more counted, by weight.
  // REQUIRES: factor >= 1.
  size_t RowBelow(double factor, uint64_t key, const Candidates& candidates);

 private:
  void FindShares(const Candidates& candidates);
  size_t BestOfEqual(uint64_t key, uint32_t most, const Candidates& candidates);
  // Returns what the score of the row with the bound `least` is at most;
  // infinity if that is not known.
  float MostFor(uint32_t least) const;
  // Returns the row of the only bound that is at most `score`, found by the
  // least of each cell; kNoRow if there may be several, or none.
  size_t OnlyUpTo(float score, uint64_t key, std::span<const uint32_t> slots);
  // The best row of those that `is_allowed`, all of which have less than
  // `limit` by their weight.
  template <bool kIsLimited, class IsAllowed>
  size_t BestByWeight(uint64_t key,
                      double limit,
                      const Candidates& candidates,
                      IsAllowed is_allowed);

  LeastRows least_;
  // Of the view.
  ViewMemo view_;
  bool equal_ = true;  // weights
  uint64_t total_weight_ = 0;
  std::vector<float> inverses_;  // of weights, for hashes of 24 bits
  float greatest_inverse_ = 0;
  float greatest_weight_ = 0;
  std::vector<uint32_t> rows_;  // by slot
  // Of a call: a bound below each row's score, and the least of those of each
  // cell, which is one lane of some vectors.
  std::vector<uint32_t> bounds_;
  std::vector<uint32_t> cells_;
};

}  // namespace cluster

#endif  // SCHEDULER_HIGHEST_SCORE_H_
