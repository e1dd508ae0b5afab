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
// bits is a bound of the score that costs no logarithm; scores are worked out
// for the few rows whose bound is low.
//
// Thread safety: none. Allocates only for more rows than ever before.
//
//   return score_.Row(Hash64(arrival.key ^ seed), candidates);
#ifndef SCHEDULER_HIGHEST_SCORE_H_
#define SCHEDULER_HIGHEST_SCORE_H_

#include <cstddef>
#include <cstdint>
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
  template <class IsAllowed>
  size_t BestByWeight(uint64_t key,
                      const Candidates& candidates,
                      IsAllowed is_allowed);

  LeastRows least_;
  // Of the view.
  ViewMemo view_;
  bool equal_ = true;  // weights
  uint64_t total_weight_ = 0;
  std::vector<float> inverses_;  // of weights, for hashes of 24 bits
  std::vector<uint32_t> rows_;   // by slot
  // Of a call.
  std::vector<uint32_t> hashes_;
};

}  // namespace cluster

#endif  // SCHEDULER_HIGHEST_SCORE_H_
