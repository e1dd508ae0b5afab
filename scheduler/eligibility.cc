#include "scheduler/eligibility.h"

namespace cluster {

bool CanTake(const WorkerView& worker, const EligibilityLimits& limits) {
  return worker.listening && !worker.draining && !worker.full &&
         worker.unstarted < limits.max_unstarted;
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
  const auto select =
      [&](bool (*wanted)(const WorkerView&, const EligibilityLimits&)) {
        size_t count = 0;
        for (size_t i = 0; i < workers.size(); ++i) {
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
