#include "scheduler/first.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

constexpr uint32_t kNoSlot = std::numeric_limits<uint32_t>::max();

// Returns the first row that is not full; the number of rows if all are.
[[gnu::always_inline]] inline size_t FirstWithRoom(const Candidates& candidates,
                                                   const uint32_t* fulls) {
  // So many rows at once that the loop within is worth its vectors.
  constexpr size_t kBlock = 64;
  const uint32_t* const in_flight = candidates.in_flight.data();
  const uint32_t* const capacities = candidates.capacities.data();
  const size_t rows = candidates.size();
  size_t row = 0;
  for (; row + kBlock <= rows; row += kBlock) {
    uint32_t any = 0;
    for (size_t i = 0; i < kBlock; ++i) {
      const uint32_t full = std::min(fulls[row + i], capacities[row + i]);
      any |= in_flight[row + i] < full ? 1 : 0;
    }
    if (any != 0) break;
  }
  while (row < rows &&
         in_flight[row] >= std::min(fulls[row], capacities[row])) {
    ++row;
  }
  return row;
}

// Returns the lowest slot of those that are not full; kNoSlot if all are.
[[gnu::always_inline]] inline uint32_t SlotWithRoom(
    const Candidates& candidates, const uint32_t* fulls) {
  const uint32_t* const in_flight = candidates.in_flight.data();
  const uint32_t* const capacities = candidates.capacities.data();
  const uint32_t* const slots = candidates.slots.data();
  const size_t rows = candidates.size();
  uint32_t lowest = kNoSlot;
  for (size_t row = 0; row < rows; ++row) {
    const uint32_t full = std::min(fulls[row], capacities[row]);
    // Read whether it is full or not, so that the loop is no branch.
    const uint32_t slot = slots[row];
    lowest = std::min(lowest, in_flight[row] < full ? slot : kNoSlot);
  }
  return lowest;
}

uint32_t SlotWithRoomPortably(const Candidates& candidates,
                              const uint32_t* fulls) {
  return SlotWithRoom(candidates, fulls);
}

CLUSTER_AVX2 uint32_t SlotWithRoomWithAvx2(const Candidates& candidates,
                                           const uint32_t* fulls) {
  return SlotWithRoom(candidates, fulls);
}

size_t FirstWithRoomPortably(const Candidates& candidates,
                             const uint32_t* fulls) {
  return FirstWithRoom(candidates, fulls);
}

CLUSTER_AVX2 size_t FirstWithRoomWithAvx2(const Candidates& candidates,
                                          const uint32_t* fulls) {
  return FirstWithRoom(candidates, fulls);
}

}  // namespace

void First::FindFulls(const Candidates& candidates) {
  constexpr double kMost = std::numeric_limits<uint32_t>::max();
  fulls_.clear();
  for (const uint32_t weight : candidates.weights) {
    const double full =
        std::round(static_cast<double>(cap_) * weight / candidates.weight_unit);
    fulls_.push_back(static_cast<uint32_t>(std::clamp(full, 1.0, kMost)));
  }
  in_order_ = std::ranges::is_sorted(candidates.slots);
  if (in_order_) return;
  rows_.assign(std::ranges::max(candidates.slots) + size_t{1}, 0);
  for (uint32_t row = 0; row < candidates.size(); ++row) {
    rows_[candidates.slots[row]] = row;
  }
}

size_t First::RowWithRoom(const Candidates& candidates) const {
  if (in_order_) {
    const auto find = kHasAvx2 ? FirstWithRoomWithAvx2 : FirstWithRoomPortably;
    return find(candidates, fulls_.data());
  }
  const auto find = kHasAvx2 ? SlotWithRoomWithAvx2 : SlotWithRoomPortably;
  const uint32_t slot = find(candidates, fulls_.data());
  return slot == kNoSlot ? candidates.size() : rows_[slot];
}

size_t First::Pick(const Arrival&, const Candidates& candidates) {
  if (view_.Changed(candidates)) FindFulls(candidates);
  const size_t row = RowWithRoom(candidates);
  if (row < candidates.size()) return row;
  least_.Mark(candidates.in_flight, candidates);
  return least_.Draw(candidates, random_);
}

}  // namespace cluster
