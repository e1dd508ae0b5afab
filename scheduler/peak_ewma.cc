#include "scheduler/peak_ewma.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "scheduler/two_rows.h"

namespace cluster {
namespace {

// More than any cost that was measured.
constexpr double kPenalty = 1e30;

}  // namespace

void PeakEwma::FindMeanWeight(const Candidates& candidates) {
  const auto& weights = candidates.weights;
  mean_weight_ =
      std::accumulate(weights.begin(), weights.end(), 0.0) / weights.size();
}

void PeakEwma::Observe(Ewma& ewma, double ns, int64_t now_ns) const {
  const int64_t passed_ns = now_ns - ewma.seen_ns;
  const double kept = passed_ns > 0 ? std::exp(-passed_ns / tau_ns_) : 1;
  ewma.ns = ns > ewma.ns ? ns : ewma.ns * kept + ns * (1 - kept);
  ewma.seen_ns = now_ns;
}

double PeakEwma::Cost(const Arrival& arrival,
                      const Candidates& candidates,
                      size_t row) {
  const double load =
      candidates.in_flight[row] * mean_weight_ / candidates.weights[row];
  Ewma* const ewma = ewmas_.Find(candidates.slots[row], candidates.keys[row]);
  if (ewma != nullptr && ewma->ns > 0) Observe(*ewma, 0, arrival.now_ns);
  if (ewma != nullptr && ewma->ns > 0) {
    return ewma->ns * (load + 1);
  }
  return candidates.in_flight[row] == 0 ? 0 : kPenalty * (load + 1);
}

size_t PeakEwma::Pick(const Arrival& arrival, const Candidates& candidates) {
  if (candidates.size() == 1) return 0;
  if (view_.Changed(candidates)) FindMeanWeight(candidates);
  const auto [first, second] = DrawTwoRows(candidates, draw_, random_);
  return Cost(arrival, candidates, second) < Cost(arrival, candidates, first)
             ? second
             : first;
}

void PeakEwma::OnCompleted(const Completions& completions) {
  if (completions.count == 0 && completions.failed == 0) return;
  Ewma* const ewma = ewmas_.Find(completions.slot, completions.key);
  if (ewma == nullptr) return;
  // At least a nanosecond: zero says that nothing is known.
  double ns = completions.failed > 0 ? tau_ns_ : 1;
  if (completions.count > 0) {
    ns = std::max(
        ns, static_cast<double>(completions.total_ns) / completions.count);
  }
  Observe(*ewma, ns, completions.now_ns);
}

}  // namespace cluster
