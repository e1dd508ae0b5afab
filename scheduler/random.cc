#include "scheduler/random.h"

namespace cluster {

size_t Random::Pick(const Arrival&, const Candidates& candidates) {
  return random_.Below(candidates.size());
}

}  // namespace cluster
