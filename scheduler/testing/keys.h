// What tests of sticky policies share: workers, and where keys find them.
#ifndef SCHEDULER_TESTING_KEYS_H_
#define SCHEDULER_TESTING_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"

namespace cluster {

// Workers with these weights; `without` leaves out one slot.
inline CandidateTable Workers(const std::vector<uint32_t>& weights,
                              size_t without = SIZE_MAX) {
  CandidateTable table;
  for (size_t slot = 0; slot < weights.size(); ++slot) {
    if (slot == without) continue;
    table.Add({.key = slot + 1,
               .slot = static_cast<uint32_t>(slot),
               .weight = weights[slot]});
  }
  return table;
}

inline std::vector<uint32_t> EqualWeights(size_t n) {
  return std::vector<uint32_t>(n, 1);
}

// The slot of each of the keys 1 to `keys`.
inline std::vector<uint32_t> SlotsOf(Policy& policy,
                                     CandidateTable table,
                                     int keys) {
  std::vector<uint32_t> slots;
  for (int key = 1; key <= keys; ++key) {
    const Candidates view = table.view();
    slots.push_back(
        view.slots[policy.Pick({.key = static_cast<uint64_t>(key)}, view)]);
  }
  return slots;
}

}  // namespace cluster

#endif  // SCHEDULER_TESTING_KEYS_H_
