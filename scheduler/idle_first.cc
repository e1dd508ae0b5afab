#include "scheduler/idle_first.h"

namespace cluster {

size_t IdleFirst::Pick(const Arrival&, const Candidates& candidates) {
  least_.Mark(candidates.in_flight);
  const size_t least = least_.Nth(0);
  if (candidates.in_flight[least] == 0) {
    return options_.order == Order::kFirst ? least
                                           : least_.Draw(candidates, random_);
  }
  if (options_.busy == Busy::kRandom) return draw_.Draw(candidates, random_);
  least_.Mark(candidates.in_flight, candidates);
  return least_.Draw(candidates, random_);
}

}  // namespace cluster
