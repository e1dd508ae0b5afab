#include "scheduler/least_connections.h"

namespace cluster {

size_t LeastConnections::Pick(const Arrival&, const Candidates& candidates) {
  least_.Mark(candidates.in_flight, candidates);
  return least_.Draw(candidates, random_);
}

}  // namespace cluster
