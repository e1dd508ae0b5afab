#include "scheduler/least_work.h"

#include <cstdint>
#include <optional>
#include <span>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

[[gnu::always_inline]] inline void Multiply(const uint32_t* in_flight,
                                            const float* rates,
                                            size_t rows,
                                            float* costs) {
  for (size_t i = 0; i < rows; ++i) {
    costs[i] = static_cast<float>(in_flight[i]) * rates[i];
  }
}

void MultiplyPortably(const uint32_t* in_flight,
                      const float* rates,
                      size_t rows,
                      float* costs) {
  Multiply(in_flight, rates, rows, costs);
}

CLUSTER_AVX2 void MultiplyWithAvx2(const uint32_t* in_flight,
                                   const float* rates,
                                   size_t rows,
                                   float* costs) {
  Multiply(in_flight, rates, rows, costs);
}

// True if row `a` has less work left for its weight than row `b`, exactly.
bool Less(const Candidates& candidates, size_t a, size_t b) {
  using Wide = __int128;
  return Wide{candidates.work_ns[a]} * candidates.weights[b] <
         Wide{candidates.work_ns[b]} * candidates.weights[a];
}

}  // namespace

size_t LeastWork::Pick(const Arrival&, const Candidates& candidates) {
  if (!candidates.work_ns.empty()) return PickKnown(candidates);
  const bool changed = view_.Changed(candidates);
  if (changed || rates_are_old_) {
    FindRates(candidates);
  } else if (!learnt_rows_.empty()) {
    UpdateRates(candidates);
  }
  costs_.resize(candidates.size());
  (kHasAvx2 ? MultiplyWithAvx2 : MultiplyPortably)(candidates.in_flight.data(),
                                                   rates_.data(),
                                                   candidates.size(),
                                                   costs_.data());
  least_.Mark(std::span<const float>(costs_));
  return least_.Draw(candidates, random_);
}

size_t LeastWork::PickKnown(const Candidates& candidates) {
  size_t least = 0;
  uint64_t shares = candidates.weights[0];  // of the least, together
  for (size_t row = 1; row < candidates.size(); ++row) {
    if (Less(candidates, least, row)) continue;
    const uint32_t weight = candidates.weights[row];
    if (Less(candidates, row, least)) {
      least = row;
      shares = weight;
      continue;
    }
    shares += weight;
    if (random_.Below(shares) < weight) least = row;
  }
  return least;
}

void LeastWork::FindRates(const Candidates& candidates) {
  const std::span<DecayedMean> means = means_.Rows(candidates);
  double total = 0;
  size_t known = 0;
  for (const DecayedMean& mean : means) {
    if (!mean.known()) continue;
    total += mean.value();
    ++known;
  }
  // Of nobody a time is known, or only that it is none: count connections.
  const double usual = total > 0 ? total / known : 1;
  rates_.resize(means.size());
  for (size_t row = 0; row < means.size(); ++row) {
    const double mean =
        means[row].known() && total > 0 ? means[row].value() : usual;
    rates_[row] = static_cast<float>(mean / candidates.weights[row]);
  }
  all_known_ = known == means.size() && total > 0;
  rates_are_old_ = false;
  learnt_rows_.clear();
}

void LeastWork::UpdateRates(const Candidates& candidates) {
  const std::span<const DecayedMean> means = means_.Rows(candidates);
  for (const uint32_t row : learnt_rows_) {
    rates_[row] =
        static_cast<float>(means[row].value() / candidates.weights[row]);
  }
  learnt_rows_.clear();
}

void LeastWork::OnCompleted(const Completions& completions) {
  if (completions.count == 0) return;
  DecayedMean* const mean = means_.Find(completions.slot, completions.key);
  if (mean == nullptr) return;
  mean->Add(static_cast<double>(completions.total_ns),
            completions.count,
            completions.now_ns,
            tau_ns_);
  const std::optional<uint32_t> row = means_.RowOf(completions.slot);
  if (!row) return;
  if (all_known_ && learnt_rows_.size() < rates_.size()) {
    learnt_rows_.push_back(*row);
  } else {
    rates_are_old_ = true;
  }
}

}  // namespace cluster
