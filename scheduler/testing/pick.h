// What tests of policies share: candidates written as rows.
#ifndef SCHEDULER_TESTING_PICK_H_
#define SCHEDULER_TESTING_PICK_H_

#include <cstddef>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"

namespace cluster {

inline CandidateTable TableOf(const std::vector<Candidate>& rows) {
  CandidateTable table;
  for (const Candidate& row : rows) table.Add(row);
  return table;
}

// Returns the row that `policy` picks for `arrival`.
inline size_t PickRow(Policy& policy,
                      const std::vector<Candidate>& rows,
                      const Arrival& arrival = {}) {
  CandidateTable table = TableOf(rows);
  return policy.Pick(arrival, table.view());
}

}  // namespace cluster

#endif  // SCHEDULER_TESTING_PICK_H_
