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
// weights are equal.
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

namespace cluster {

class HighestScore {
 public:
  // Returns the row that wins `key`, which is well mixed. O(n).
  size_t Row(uint64_t key, const Candidates& candidates);

  // The same among the rows with in_flight < per_weight * weight. REQUIRES:
  // there is one.
  size_t RowBelow(double per_weight,
                  uint64_t key,
                  const Candidates& candidates);

 private:
  template <bool kBounded>
  size_t Best(double per_weight, uint64_t key, const Candidates& candidates);

  LeastRows least_;
  std::vector<uint32_t> hashes_;
  std::vector<float> costs_;
};

}  // namespace cluster

#endif  // SCHEDULER_HIGHEST_SCORE_H_
