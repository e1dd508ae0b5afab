#include "scheduler/maglev.h"

#include <algorithm>
#include <utility>

namespace cluster {
namespace {

// Places that are tried for a key whose worker is away, before all rows are.
constexpr int kTries = 8;

constexpr uint32_t kFree = UINT32_MAX;
constexpr uint32_t kNone = UINT32_MAX;

// The order in which a slot prefers the places.
struct Permutation {
  uint32_t slot;
  uint64_t weight;
  uint64_t taken = 0;
  uint32_t next = kNone;  // who has a turn in the same round
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

// Takes the free place that the slot likes best.
void TakePlace(Permutation& permutation, std::vector<uint32_t>& table) {
  const auto size = static_cast<uint32_t>(table.size());
  while (table[permutation.place] != kFree) {
    permutation.place += permutation.step;
    if (permutation.place >= size) permutation.place -= size;
  }
  table[permutation.place] = permutation.slot;
  ++permutation.taken;
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

// Round after round, the slots with the greatest weight have a turn in each,
// and the others when as much of a turn has come together: so that a round
// costs no more than it has turns.
void Maglev::BuildTable() {
  std::vector<Permutation> greatest;
  std::vector<Permutation> others;
  const uint32_t most = std::ranges::max(slots_, {}, &SlotFacts::weight).weight;
  uint64_t total = 0;
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
    const uint32_t weight = slots_[slot].weight;
    if (weight == 0) continue;
    total += weight;
    (weight == most ? greatest : others)
        .push_back(PermutationOf(slot, weight, size_, seed_));
  }
  // All places are taken by then: a round has total / most turns or more.
  const uint64_t rounds = (uint64_t{size_} * most + total - 1) / total;
  std::vector<uint32_t> first_due(rounds + 1,
                                  kNone);  // of the others, by round
  const auto wait = [&](uint32_t index, uint64_t round) {
    if (round > rounds) return;
    others[index].next = std::exchange(first_due[round], index);
  };
  for (uint32_t i = 0; i < others.size(); ++i) wait(i, 1);
  table_.assign(size_, kFree);
  uint32_t left = size_;
  for (uint64_t round = 1; left > 0; ++round) {
    for (size_t i = 0; i < greatest.size() && left > 0; ++i, --left) {
      TakePlace(greatest[i], table_);
    }
    for (uint32_t i = first_due[round]; i != kNone && left > 0; --left) {
      Permutation& due = others[i];
      const uint32_t next = due.next;
      TakePlace(due, table_);
      wait(i, (due.taken * most + due.weight - 1) / due.weight);
      i = next;
    }
  }
}

}  // namespace cluster
