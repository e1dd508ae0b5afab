// Prequal: the lowest latency among workers that are not hot.
//
// A worker is hot when it has more connections in flight, for its share, than
// the share `q` of what was seen of late. Of the cold in the pool, the one with
// the lowest latency is picked; if all are hot, the one with the least in
// flight. The latency of a worker is the mean time of the connections that
// ended while about as many (within a factor of two) were in flight; one that
// nothing is known of comes first, until it is hot. A failure counts as `tau`.
//
// Balances latency, not load: it sees a worker whose CPU others use. Latencies
// age with `tau`, and are unknown again after ten times that, so that a worker
// that was slow is tried again.
//
// Source: B. Wydrowski et al., "Load is not what you should balance:
// Introducing Prequal", NSDI 2024, the hot-cold lexicographic rule. What
// differs:
// - Its probes are the scoreboard here, always fresh: for each pick the pool is
//   drawn anew, all workers if they are as few, else with replacement, so that
//   a worker may stand in it twice.
// - A latency is a mean that fades, not the median of the latest.
// - There are weights, and latencies are not by weight: of idle workers nobody
//   knows anything of, each is as likely as any other.
//
// Thread safety: none, as every Policy.
//
//   Prequal policy({.pool = 16}, seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_PREQUAL_H_
#define SCHEDULER_PREQUAL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/decayed_mean.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/slot_column.h"
#include "scheduler/split_mix64.h"
#include "scheduler/view_memo.h"

namespace cluster {

class Prequal final : public Policy {
 public:
  static constexpr absl::string_view kName = "prequal";
  static constexpr absl::string_view kRule =
      "the lowest latency among workers that are not hot; else the least load";
  static constexpr size_t kMaxPool = 64;
  static constexpr PolicyParameter kParameters[] = {
      {.name = "q",
       .meaning = "above this share of the loads seen, a worker is hot",
       .kind = PolicyParameter::Kind::kDecimal,
       .least = 0,
       .greatest = 1,
       .standard = 0.84},
      {.name = "pool",
       .meaning = "how many workers are compared",
       .least = 2,
       .greatest = kMaxPool,
       .standard = 16},
      TauParameter("how far back latencies reach")};

  struct Options {
    double q = 0.84;
    size_t pool = 16;
    double tau_ns = 10e9;
  };

  // Equal seeds give equal picks.
  Prequal(const Options& options, uint64_t seed)
      : options_(options),
        forgotten_after_ns_(
            static_cast<int64_t>(kForgottenAfter * options.tau_ns)),
        random_(seed) {
    seen_.fill(std::numeric_limits<int32_t>::max());
  }

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }
  bool weighs_idle() const override { return false; }
  bool wants_completions() const override { return true; }

  // O(pool).
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;
  void OnCompleted(const Completions& completions) override;

 private:
  // By the power of two that the load is below.
  struct Latencies {
    uint64_t known = 0;  // a bit for each of which something is known
    // None of these is older, so that a pick need not look at each.
    int64_t oldest_ns = std::numeric_limits<int64_t>::max();
    std::array<float, 33> ns = {};  // the values of the means
    std::array<DecayedMean, 33> means;
  };
  // One of the pool.
  struct Probe {
    uint32_t row;
    int32_t load;  // as in `seen_`
  };
  // How many loads the quantile is taken of.
  static constexpr size_t kSeen = 256;

  void FindParts(const Candidates& candidates);
  // Fills the pool, and returns its size.
  size_t DrawPool(const Candidates& candidates);
  // The latency at that load, or the nearest of which one is known; 0 if none.
  // What was seen before `too_old_ns` is forgotten.
  static float Latency(uint32_t in_flight,
                       int64_t too_old_ns,
                       Latencies& latencies);
  static void Forget(int64_t too_old_ns, Latencies& latencies);
  void See(int32_t load);
  void FindThreshold();

  // Latencies are unknown after so many tau.
  static constexpr double kForgottenAfter = 10;

  const Options options_;
  const int64_t forgotten_after_ns_;
  SlotColumn<Latencies, Heir::kBeginsAnew> latencies_;
  // Of the view: the mean weight by the row's, so that loads compare also when
  // all weights have changed.
  ViewMemo view_;
  std::vector<float> parts_;
  // Loads times parts, as the bits of a float: of numbers that are not
  // negative, those are in the same order. Above all until one is seen.
  std::array<int32_t, kSeen> seen_;
  size_t seen_count_ = 0;
  size_t next_seen_ = 0;
  int32_t threshold_ = 0;  // likewise
  size_t picks_until_threshold_ = 0;
  SplitMix64 random_;
  // Of a pick.
  std::array<Probe, kMaxPool> pool_;
};

}  // namespace cluster

#endif  // SCHEDULER_PREQUAL_H_
