#include "scheduler/rendezvous.h"

namespace cluster {

size_t Rendezvous::Pick(const Arrival& arrival, const Candidates& candidates) {
  const uint64_t key = arrival.key != 0 ? arrival.key : random_.Next();
  return score_.Row(Hash64(key ^ seed_), candidates);
}

}  // namespace cluster
