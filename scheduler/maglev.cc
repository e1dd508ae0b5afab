#include "scheduler/maglev.h"

#include <algorithm>

namespace cluster {
namespace {

// Places that are tried for a key whose worker is away, before all rows are.
constexpr int kTries = 8;

// The order in which a slot prefers the places.
struct Permutation {
  uint32_t slot;
  uint64_t weight;
  uint64_t due = 0;  // the slot's turn comes when round * weight gets here
  uint32_t place;
  uint32_t step;
};

Permutation PermutationOf(uint32_t slot,
                          uint32_t weight,
                          uint32_t size,
                          uint64_t seed) {
  const uint64_t hash = Hash64((slot + 1) * 0x9e3779b97f4a7c15 ^ seed);
  return {.slot = slot,
          .weight = weight,
          .place = static_cast<uint32_t>(hash % size),
          .step = static_cast<uint32_t>(Hash64(hash) % (size - 1) + 1)};
}

}  // namespace

size_t Maglev::Pick(const Arrival& arrival, const Candidates& candidates) {
  if (view_.Changed(candidates)) Learn(candidates);
  uint64_t hash =
      Hash64((arrival.key != 0 ? arrival.key : random_.Next()) ^ seed_);
  for (int i = 0; i < kTries; ++i) {
    const size_t place =
        static_cast<unsigned __int128>(hash) * table_.size() >> 64;
    const uint32_t row = slots_[table_[place]].row;
    if (row != kNoRow) return row;
    hash = Hash64(hash + 1);
  }
  return score_.Row(hash, candidates);
}

void Maglev::Learn(const Candidates& candidates) {
  for (const uint32_t slot : learnt_) slots_[slot].row = kNoRow;
  learnt_.assign(candidates.slots.begin(), candidates.slots.end());
  bool build = false;
  for (uint32_t row = 0; row < candidates.size(); ++row) {
    const uint32_t slot = candidates.slots[row];
    if (slot >= slots_.size()) slots_.resize(slot + size_t{1});
    build |= slots_[slot].weight != candidates.weights[row];
    slots_[slot] = {.weight = candidates.weights[row], .row = row};
  }
  if (build) BuildTable();
}

void Maglev::BuildTable() {
  constexpr uint32_t kFree = UINT32_MAX;
  std::vector<Permutation> permutations;
  uint64_t greatest = 0;
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
    const uint32_t weight = slots_[slot].weight;
    if (weight == 0) continue;
    permutations.push_back(PermutationOf(slot, weight, size_, seed_));
    greatest = std::max<uint64_t>(greatest, weight);
  }
  table_.assign(size_, kFree);
  uint32_t left = size_;
  for (uint64_t round = 1; left > 0; ++round) {
    for (Permutation& each : permutations) {
      if (round * each.weight < each.due) continue;
      each.due += greatest;
      while (table_[each.place] != kFree) {
        each.place = (each.place + uint64_t{each.step}) % size_;
      }
      table_[each.place] = each.slot;
      if (--left == 0) break;
    }
  }
}

}  // namespace cluster
