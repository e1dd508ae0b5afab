#include "scheduler/random.h"

namespace cluster {

size_t Random::Pick(std::span<const Candidate> candidates) {
  return random_.Below(candidates.size());
}

}  // namespace cluster
