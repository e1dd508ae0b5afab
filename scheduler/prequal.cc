#include "scheduler/prequal.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

// The threshold moves slowly; finding it costs as much as many picks.
constexpr size_t kPicksAThreshold = 128;
// Of each pool, so many loads are taken in: what the paper probes for a query.
constexpr size_t kSeenAPick = 3;
// Above the rank of every worker that is not hot.
constexpr uint64_t kHot = uint64_t{0xffffffff} << 32;

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

// Returns the n-th least of `count` numbers, from 1, bit by bit from the
// highest: it has a bit unless n numbers are less than it would be at least. No
// branch on the data. REQUIRES: none is negative.
[[gnu::always_inline]] inline int32_t NthLeast(const int32_t* numbers,
                                               size_t count,
                                               uint32_t n) {
  int32_t nth = 0;
  for (int bit = 30; bit >= 0; --bit) {
    const int32_t with_bit = nth | int32_t{1} << bit;
    uint32_t less = 0;
    for (size_t i = 0; i < count; ++i) less += numbers[i] < with_bit ? 1 : 0;
    nth = less < n ? with_bit : nth;
  }
  return nth;
}

int32_t NthLeastPortably(const int32_t* numbers, size_t count, uint32_t n) {
  return NthLeast(numbers, count, n);
}

CLUSTER_AVX2 int32_t NthLeastWithAvx2(const int32_t* numbers,
                                      size_t count,
                                      uint32_t n) {
  return NthLeast(numbers, count, n);
}

}  // namespace

inline float Prequal::Latency(uint32_t in_flight,
                              int64_t too_old_ns,
                              Latencies& latencies) {
  if (latencies.oldest_ns < too_old_ns) [[unlikely]] {
    Forget(too_old_ns, latencies);
  }
  // It will be one more.
  const int load = std::bit_width(uint64_t{in_flight} + 1);
  if ((latencies.known >> load & 1) != 0) [[likely]]
    return latencies.ns[load];
  if (latencies.known == 0) return 0;
  return latencies.ns[NearestBit(latencies.known, load)];
}

void Prequal::Forget(int64_t too_old_ns, Latencies& latencies) {
  latencies.oldest_ns = std::numeric_limits<int64_t>::max();
  for (uint64_t left = latencies.known; left != 0; left &= left - 1) {
    const int bit = std::countr_zero(left);
    const int64_t seen_ns = latencies.means[bit].seen_ns();
    if (seen_ns < too_old_ns) {
      latencies.known &= ~(uint64_t{1} << bit);
    } else {
      latencies.oldest_ns = std::min(latencies.oldest_ns, seen_ns);
    }
  }
}

size_t Prequal::Pick(const Arrival& arrival, const Candidates& candidates) {
  if (view_.Changed(candidates)) FindParts(candidates);
  const std::span<Latencies> latencies = latencies_.Rows(candidates);
  const size_t size = DrawPool(candidates);
  if (picks_until_threshold_-- == 0) FindThreshold();
  const std::span<const Probe> pool = std::span(pool_).first(size);
  for (const Probe& probe : pool.first(std::min(kSeenAPick, size))) {
    See(probe.load);
  }
  // Ranked by one number, so that which is better is no branch: the latency,
  // above all latencies for the hot, then the load.
  const int64_t too_old_ns = arrival.now_ns - forgotten_after_ns_;
  uint64_t least = std::numeric_limits<uint64_t>::max();
  size_t best = 0;
  for (const auto [row, load] : pool) {
    const float ns =
        Latency(candidates.in_flight[row], too_old_ns, latencies[row]);
    const uint64_t rank =
        static_cast<uint32_t>(load) |
        (load > threshold_ ? kHot
                           : uint64_t{std::bit_cast<uint32_t>(ns)} << 32);
    const uint64_t better = rank < least ? ~uint64_t{0} : 0;
    best = (row & better) | (best & ~better);
    least = (rank & better) | (least & ~better);
  }
  return best;
}

void Prequal::FindParts(const Candidates& candidates) {
  const auto& weights = candidates.weights;
  const double mean =
      std::accumulate(weights.begin(), weights.end(), 0.0) / weights.size();
  parts_.clear();
  for (const uint32_t weight : weights) {
    parts_.push_back(static_cast<float>(mean / weight));
  }
}

size_t Prequal::DrawPool(const Candidates& candidates) {
  const size_t rows = candidates.size();
  const size_t size = std::min(options_.pool, rows);
  uint32_t row = static_cast<uint32_t>(random_.Below(rows));
  const auto enter = [&](size_t i) {
    const float load =
        static_cast<float>(candidates.in_flight[row]) * parts_[row];
    pool_[i] = {row, std::bit_cast<int32_t>(load)};
  };
  if (size == rows) {
    for (size_t i = 0; i < size; ++i) {
      enter(i);
      row = row + 1 < rows ? row + 1 : 0;
    }
  } else {
    for (size_t i = 0; i < size; ++i) {
      enter(i);
      row = static_cast<uint32_t>(random_.Below(rows));
    }
  }
  return size;
}

void Prequal::See(int32_t load) {
  seen_[next_seen_] = load;
  next_seen_ = (next_seen_ + 1) % kSeen;
  seen_count_ = std::min(seen_count_ + 1, kSeen);
}

void Prequal::FindThreshold() {
  picks_until_threshold_ = std::min(seen_count_, kPicksAThreshold);
  if (seen_count_ == 0) return;
  const auto rank = static_cast<uint32_t>(std::ceil(options_.q * seen_count_));
  threshold_ = (kHasAvx2 ? NthLeastWithAvx2 : NthLeastPortably)(
      seen_.data(), kSeen, std::max<uint32_t>(rank, 1));
}

void Prequal::OnCompleted(const Completions& completions) {
  if (completions.count == 0 && completions.failed == 0) return;
  Latencies* const latencies =
      latencies_.Find(completions.slot, completions.key);
  if (latencies == nullptr) return;
  // One more was in flight while the last of them was.
  const uint64_t load = uint64_t{completions.in_flight} + 1;
  const int index = std::min<int>(std::bit_width(load), 32);
  DecayedMean& mean = latencies->means[index];
  mean.Add(static_cast<double>(completions.total_ns) +
               completions.failed * options_.tau_ns,
           static_cast<double>(completions.count) + completions.failed,
           completions.now_ns,
           options_.tau_ns);
  latencies->known |= uint64_t{1} << index;
  latencies->ns[index] = static_cast<float>(mean.value());
  latencies->oldest_ns = std::min(latencies->oldest_ns, mean.seen_ns());
}

}  // namespace cluster
