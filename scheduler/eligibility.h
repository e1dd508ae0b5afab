// Which workers may be picked: asked before the policy, and the same for all.
//
// A worker that does not take what it was handed is slow: it is blocked,
// stopped or has no CPU. Policies that prefer idle workers pass it over while
// another is fine, so that a blocked worker holds few connections; those are
// taken back.
//
// Thread safety: free functions, safe from any thread. No allocation.
//
//   std::vector<uint32_t> eligible(workers.size());
//   eligible.resize(
//       SelectEligible(workers, policy->prefers_idle(), limits, eligible));
#ifndef SCHEDULER_ELIGIBILITY_H_
#define SCHEDULER_ELIGIBILITY_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace cluster {

// What the primary knows of one worker when it is about to pick.
struct WorkerView {
  // Connections handed to the worker that it has not started.
  uint64_t unstarted = 0;
  // How long the oldest of them has waited; means nothing if there is none.
  int64_t oldest_unstarted_age_ns = 0;
  bool listening = false;
  bool draining = false;
  // It has said that it takes no more for now, or is at its limit.
  bool full = false;
  // It stood still, and has not shown life since.
  bool suspect = false;
  // It fails too often (outlier_ejection.h).
  bool ejected = false;
};

struct EligibilityLimits {
  // A worker that holds this many unstarted connections gets no more.
  uint64_t max_unstarted = 64;
  // A worker is slow when its oldest unstarted connection is older than this.
  int64_t slow_after_ns = 2'000'000;
  // Unstarted connections older than this go to another worker.
  int64_t take_back_after_ns = 20'000'000;
  // When fewer than this part of the workers that listen are sound, which is
  // neither ejected nor suspect, nobody counts as ejected: better a bad worker
  // than too much for the rest (panic). How full they are is no matter: what is
  // too much for the sound ones waits.
  uint32_t panic_percent = 50;
};

// True if the worker can be given a connection at all, slow or not.
bool CanTake(const WorkerView& worker, const EligibilityLimits& limits);

// True if the worker can be given a connection and is not slow.
bool IsFine(const WorkerView& worker, const EligibilityLimits& limits);

// Writes the indices of the eligible workers to the front of `eligible`, in
// rising order, and returns how many they are. `prefers_idle` is the policy's.
// If every worker that can take is slow, all of those are eligible. Ejected
// workers are not, unless panic_percent says so, or no worker is sound.
// REQUIRES: `eligible` has room for workers.size() indices.
size_t SelectEligible(std::span<const WorkerView> workers,
                      bool prefers_idle,
                      const EligibilityLimits& limits,
                      std::span<uint32_t> eligible);

// True if a connection that has waited `age_ns` at its worker should be taken
// back. `another_is_fine` says whether a worker other than that one IsFine:
// without one, it would only lose its place.
bool ShouldTakeBack(int64_t age_ns,
                    bool another_is_fine,
                    const EligibilityLimits& limits = {});

}  // namespace cluster

#endif  // SCHEDULER_ELIGIBILITY_H_
