#include "scheduler/outlier_ejection.h"

#include <algorithm>

namespace cluster {

void OutlierEjection::Add(uint32_t slot) {
  if (slot >= slots_.size()) slots_.resize(slot + size_t{1});
  slots_[slot].added = true;
}

OutlierEjection::Outcomes& OutlierEjection::At(uint32_t slot, int64_t now_ns) {
  Add(slot);
  Outcomes& outcomes = slots_[slot];
  const int64_t passed =
      (now_ns - outcomes.begin_ns) / std::max<int64_t>(options_.interval_ns, 1);
  if (passed > 0) {
    // Every whole interval without an ejection forgives one.
    outcomes.times -= std::min<int64_t>(outcomes.times, passed);
    outcomes.begin_ns = now_ns;
    outcomes.succeeded = 0;
    outcomes.failed = 0;
  }
  return outcomes;
}

void OutlierEjection::Succeeded(uint32_t slot, uint64_t count, int64_t now_ns) {
  if (!enabled() || count == 0) return;
  Outcomes& outcomes = At(slot, now_ns);
  outcomes.succeeded += count;
  outcomes.in_a_row = 0;
}

void OutlierEjection::Failed(uint32_t slot, uint64_t count, int64_t now_ns) {
  if (!enabled() || count == 0) return;
  Outcomes& outcomes = At(slot, now_ns);
  outcomes.failed += count;
  outcomes.in_a_row += count;
  EjectIfDue(outcomes, now_ns);
}

void OutlierEjection::EjectIfDue(Outcomes& outcomes, int64_t now_ns) {
  const uint64_t all = outcomes.succeeded + outcomes.failed;
  const bool too_many = all >= options_.volume &&
                        outcomes.failed * 100 >= all * options_.failed_percent;
  if (outcomes.in_a_row < options_.consecutive && !too_many) return;
  if (now_ns < outcomes.until_ns || !MayEject(now_ns)) return;
  ++outcomes.times;
  outcomes.until_ns =
      now_ns + static_cast<int64_t>(std::min<__int128>(
                   static_cast<__int128>(options_.base_ns) * outcomes.times,
                   options_.longest_ns));
  outcomes.begin_ns = outcomes.until_ns;
  outcomes.in_a_row = 0;
  outcomes.succeeded = 0;
  outcomes.failed = 0;
}

bool OutlierEjection::MayEject(int64_t now_ns) const {
  uint64_t all = 0;
  uint64_t out = 0;
  for (const Outcomes& each : slots_) {
    all += each.added ? 1 : 0;
    out += now_ns < each.until_ns ? 1 : 0;
  }
  return out == 0 || (out + 1) * 100 <= all * options_.most_percent;
}

}  // namespace cluster
