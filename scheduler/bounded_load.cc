#include "scheduler/bounded_load.h"

namespace cluster {

size_t BoundedLoad::Pick(const Arrival& arrival, const Candidates& candidates) {
  const uint64_t key = arrival.key != 0 ? arrival.key : random_.Next();
  return score_.RowBelow(factor_, Hash64(key ^ seed_), candidates);
}

}  // namespace cluster
