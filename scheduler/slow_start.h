// SlowStart: a worker that has just begun to listen gets its share step by
// step.
//
// Caches are cold and code is not compiled yet; and under least_connections a
// new worker, which has none, would get everything at once. Its weight rises
// from a tenth in steps of a tenth over the window.
//
// Source: slow start as Envoy's (aggression 1, least weight 10 %), in steps, so
// that what policies have worked out from weights holds for a while.
//
// Thread safety: free functions, safe from any thread.
//
//   weights[row] = weight * SlowStartPercent(now_ns - since_ns, window_ns);
#ifndef SCHEDULER_SLOW_START_H_
#define SCHEDULER_SLOW_START_H_

#include <cstdint>
#include <span>

namespace cluster {

// Returns 10, 20, ... or 100: the part of its share that a worker gets that has
// listened for `age_ns`. 100 where `window_ns` is 0.
uint32_t SlowStartPercent(int64_t age_ns, int64_t window_ns);

// Multiplies each weight by its percentage, all by the same factor besides, and
// keeps them from 1 to kMaxWeight. Nothing changes if all percentages are
// equal. Returns what a weight of 1 is now, at 100 percent. REQUIRES: spans of
// one length.
double ScaleWeights(std::span<const uint32_t> percents,
                    std::span<uint32_t> weights);

}  // namespace cluster

#endif  // SCHEDULER_SLOW_START_H_
