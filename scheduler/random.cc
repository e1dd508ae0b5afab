#include "scheduler/random.h"

namespace cluster {

size_t Random::Pick(const Arrival&, const Candidates& candidates) {
  return draw_.Draw(candidates, random_);
}

}  // namespace cluster
