#include "scheduler/eligibility.h"

namespace cluster {
namespace {

bool Panics(std::span<const WorkerView> workers,
            const EligibilityLimits& limits) {
  uint64_t all = 0;
  uint64_t sound = 0;
  for (const WorkerView& worker : workers) {
    if (!worker.listening || worker.draining) continue;
    ++all;
    sound += worker.ejected || worker.suspect ? 0 : 1;
  }
  return sound == 0 || sound * 100 < all * limits.panic_percent;
}

}  // namespace

bool CanTake(const WorkerView& worker, const EligibilityLimits& limits) {
  return worker.listening && !worker.draining && !worker.full &&
         !worker.suspect && worker.unstarted < limits.max_unstarted;
}

bool IsFine(const WorkerView& worker, const EligibilityLimits& limits) {
  return CanTake(worker, limits) &&
         (worker.unstarted == 0 ||
          worker.oldest_unstarted_age_ns <= limits.slow_after_ns);
}

size_t SelectEligible(std::span<const WorkerView> workers,
                      bool prefers_idle,
                      const EligibilityLimits& limits,
                      std::span<uint32_t> eligible) {
  const bool panic = Panics(workers, limits);
  const auto select =
      [&](bool (*wanted)(const WorkerView&, const EligibilityLimits&)) {
        size_t count = 0;
        for (size_t i = 0; i < workers.size(); ++i) {
          if (workers[i].ejected && !panic) continue;
          if (wanted(workers[i], limits)) eligible[count++] = i;
        }
        return count;
      };
  const size_t fine = prefers_idle ? select(IsFine) : 0;
  return fine != 0 ? fine : select(CanTake);
}

bool ShouldTakeBack(int64_t age_ns,
                    bool another_is_fine,
                    const EligibilityLimits& limits) {
  return another_is_fine && age_ns > limits.take_back_after_ns;
}

}  // namespace cluster
