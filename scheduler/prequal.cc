#include "scheduler/prequal.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cluster {
namespace {

// The threshold moves slowly; finding it costs as much as many picks.
constexpr size_t kPicksAThreshold = 64;
// Of each pool, so many loads are taken in: what the paper probes for a query.
constexpr size_t kSeenAPick = 3;
// Latencies are unknown after so many tau.
constexpr double kForgottenAfter = 10;

// Returns the bit of `bits` that is nearest to `place`, the lower of two.
// REQUIRES: one is set, `place` is below 63.
int NearestBit(uint64_t bits, int place) {
  const uint64_t below = bits & ((uint64_t{2} << place) - 1);
  const uint64_t above = bits & ~((uint64_t{2} << place) - 1);
  if (below == 0) return std::countr_zero(above);
  const int lower = std::bit_width(below) - 1;
  if (above == 0) return lower;
  const int upper = std::countr_zero(above);
  return upper - place < place - lower ? upper : lower;
}

}  // namespace

size_t Prequal::Pick(const Arrival& arrival, const Candidates& candidates) {
  const size_t rows = candidates.size();
  const size_t pool = std::min(options_.pool, rows);
  // All rows from any on, or as many draws.
  const size_t begin = random_.Below(rows);
  if (picks_until_threshold_-- == 0) FindThreshold();
  size_t best = begin;
  bool best_cold = false;
  float best_load = 0;
  double best_latency = 0;
  for (size_t i = 0; i < pool; ++i) {
    const size_t next = begin + i < rows ? begin + i : begin + i - rows;
    const size_t row = pool == rows ? next : random_.Below(rows);
    const float load = static_cast<float>(candidates.in_flight[row]) /
                       static_cast<float>(candidates.weights[row]);
    if (i < kSeenAPick) See(load);
    const bool cold = load <= threshold_;
    if (i > 0 && best_cold && !cold) continue;
    const double latency = cold ? Latency(arrival, candidates, row) : 0;
    const bool better = cold != best_cold         ? cold
                        : !cold                   ? load < best_load
                        : latency != best_latency ? latency < best_latency
                                                  : load < best_load;
    if (i > 0 && !better) continue;
    best = row;
    best_cold = cold;
    best_load = load;
    best_latency = latency;
  }
  return best;
}

double Prequal::Latency(const Arrival& arrival,
                        const Candidates& candidates,
                        size_t row) {
  Latencies* const latencies =
      latencies_.Find(candidates.slots[row], candidates.keys[row]);
  if (latencies == nullptr) return 0;
  const int load = std::bit_width(candidates.in_flight[row]);
  while (latencies->known != 0) {
    const int nearest = NearestBit(latencies->known, load);
    const DecayedMean& mean = latencies->means[nearest];
    const double age_ns = static_cast<double>(arrival.now_ns - mean.seen_ns());
    if (age_ns <= kForgottenAfter * options_.tau_ns) return mean.value();
    latencies->known &= ~(uint64_t{1} << nearest);
  }
  return 0;
}

void Prequal::See(float load) {
  seen_[next_seen_] = load;
  next_seen_ = (next_seen_ + 1) % kSeen;
  seen_count_ = std::min(seen_count_ + 1, kSeen);
}

void Prequal::FindThreshold() {
  picks_until_threshold_ = std::min(seen_count_, kPicksAThreshold);
  if (seen_count_ == 0) return;
  std::array<float, kSeen> loads = seen_;
  const size_t rank = static_cast<size_t>(std::ceil(options_.q * seen_count_));
  const auto nth = loads.begin() + (rank == 0 ? 0 : rank - 1);
  std::nth_element(loads.begin(), nth, loads.begin() + seen_count_);
  threshold_ = *nth;
}

void Prequal::OnCompleted(const Completions& completions) {
  if (completions.count == 0) return;
  Latencies* const latencies =
      latencies_.Find(completions.slot, completions.key);
  if (latencies == nullptr) return;
  // One more was in flight while the last of them was.
  const uint64_t load = uint64_t{completions.in_flight} + 1;
  const int index = std::min<int>(std::bit_width(load), 32);
  latencies->known |= uint64_t{1} << index;
  latencies->means[index].Add(static_cast<double>(completions.total_ns),
                              completions.count,
                              completions.now_ns,
                              options_.tau_ns);
}

}  // namespace cluster
