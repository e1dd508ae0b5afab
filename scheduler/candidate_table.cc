#include "scheduler/candidate_table.h"

namespace cluster {

Candidates CandidateTable::view() const {
  return {.keys = keys_,
          .slots = slots_,
          .weights = weights_,
          .in_flight = in_flight_,
          .requests = requests_,
          .capacities = capacities_,
          .work_ns = {}};
}

void CandidateTable::Clear() {
  keys_.clear();
  slots_.clear();
  weights_.clear();
  in_flight_.clear();
  requests_.clear();
  capacities_.clear();
}

void CandidateTable::Add(const Candidate& candidate) {
  keys_.push_back(candidate.key);
  slots_.push_back(candidate.slot);
  weights_.push_back(candidate.weight);
  in_flight_.push_back(candidate.in_flight);
  requests_.push_back(candidate.requests);
  capacities_.push_back(candidate.capacity);
}

void CandidateTable::Erase(size_t row) {
  keys_.erase(keys_.begin() + row);
  slots_.erase(slots_.begin() + row);
  weights_.erase(weights_.begin() + row);
  in_flight_.erase(in_flight_.begin() + row);
  requests_.erase(requests_.begin() + row);
  capacities_.erase(capacities_.begin() + row);
}

}  // namespace cluster
