// CandidateTable: the columns behind Candidates, and how they change within a
// round.
//
// Thread safety: none. Allocates only when it gets longer than ever before.
//
//   table.Clear();
//   table.Add({.key = 1, .slot = 0, .in_flight = 3});
//   const size_t chosen = policy->Pick(arrival, table.view());
//   table.Place(chosen);
#ifndef SCHEDULER_CANDIDATE_TABLE_H_
#define SCHEDULER_CANDIDATE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "scheduler/policy.h"

namespace cluster {

// One row; what its members mean, Candidates says.
struct Candidate {
  uint64_t key = 0;
  uint32_t slot = 0;
  uint32_t in_flight = 0;
  uint32_t weight = 1;
  uint32_t requests = 0;
  uint32_t capacity = std::numeric_limits<uint32_t>::max();
};

class CandidateTable {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Valid until the table gets another row or loses one. Its version is new if
  // keys, slots, weights or their unit are not those of the last view; no other
  // table has the same.
  Candidates view();

  // Removes all rows. The weights of those to come are in `weight_unit`.
  void Clear(double weight_unit = 1) {
    size_ = 0;
    total_in_flight_ = 0;
    changed_ |= weight_unit != weight_unit_;
    weight_unit_ = weight_unit;
  }
  // Adds a row. REQUIRES: its key is greater than all before.
  void Add(const Candidate& candidate);
  // Removes a row.
  void Erase(size_t row);
  // A connection was placed there.
  void Place(size_t row) {
    ++in_flight_[row];
    ++requests_[row];
    ++total_in_flight_;
  }

 private:
  // Rows from here on are left from before Clear(), to compare with.
  size_t size_ = 0;
  size_t viewed_size_ = 0;
  bool changed_ = true;  // since the last view
  uint64_t version_ = 0;
  uint64_t total_in_flight_ = 0;
  double weight_unit_ = 1;
  std::vector<uint64_t> keys_;
  std::vector<uint32_t> slots_;
  std::vector<uint32_t> weights_;
  std::vector<uint32_t> in_flight_;
  std::vector<uint32_t> requests_;
  std::vector<uint32_t> capacities_;
};

}  // namespace cluster

#endif  // SCHEDULER_CANDIDATE_TABLE_H_
