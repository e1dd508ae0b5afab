// SlotColumn: what a policy remembers of each worker, in the order of the rows.
//
// Kept by slot: a worker that is no candidate for a while finds what was
// remembered of it when it is one again. It is put in the order of the rows
// once, and anew only when the view has changed.
//
// Thread safety: none. Allocates only for slots and rows never seen before.
//
//   std::span<int64_t> turns = turns_.Rows(candidates);
//   ++turns[chosen];
#ifndef SCHEDULER_SLOT_COLUMN_H_
#define SCHEDULER_SLOT_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "scheduler/policy.h"
#include "scheduler/view_memo.h"

namespace cluster {

// What a slot's next worker finds.
enum class Heir {
  kInherits,    // what was remembered of the one before
  kBeginsAnew,  // the initial value
};

template <class T, Heir kHeir>
class SlotColumn {
 public:
  explicit SlotColumn(const T& initial = {}) : initial_(initial) {}

  // Returns an element a row. Valid until the next call of a function here.
  std::span<T> Rows(const Candidates& candidates) {
    if (view_.Changed(candidates)) Arrange(candidates);
    return rows_;
  }

  // Returns the row of a slot, if it was a candidate when Rows() was called
  // last.
  std::optional<uint32_t> RowOf(uint32_t slot) {
    const Entry& entry = EntryOf(slot);
    if (entry.row >= rows_.size() || slots_[entry.row] != slot) return {};
    return entry.row;
  }

  // Returns the element of a worker, candidate or not; null if the slot has a
  // later worker by now. Valid likewise.
  T* Find(uint32_t slot, uint64_t key) {
    Entry& entry = EntryOf(slot);
    if (key < entry.key) return nullptr;
    const std::optional<uint32_t> row = RowOf(slot);
    T& value = row ? rows_[*row] : entry.value;
    Enter(entry, key, value);
    return &value;
  }

 private:
  struct Entry {
    uint64_t key = 0;
    uint32_t row = 0;  // where the value is, if the row has this slot
    T value;
  };

  Entry& EntryOf(uint32_t slot) {
    if (slot >= by_slot_.size()) {
      by_slot_.resize(slot + size_t{1}, {.value = initial_});
    }
    return by_slot_[slot];
  }

  void Enter(Entry& entry, uint64_t key, T& value) {
    if (entry.key != key && kHeir == Heir::kBeginsAnew) value = initial_;
    entry.key = key;
  }

  void Arrange(const Candidates& candidates) {
    for (size_t row = 0; row < rows_.size(); ++row) {
      by_slot_[slots_[row]].value = rows_[row];
    }
    rows_.clear();
    slots_.assign(candidates.slots.begin(), candidates.slots.end());
    for (uint32_t row = 0; row < candidates.size(); ++row) {
      const uint32_t slot = slots_[row];
      Entry& entry = EntryOf(slot);
      Enter(entry, candidates.keys[row], entry.value);
      entry.row = row;
      rows_.push_back(entry.value);
    }
  }

  const T initial_;
  ViewMemo view_;
  std::vector<Entry> by_slot_;
  std::vector<uint32_t> slots_;  // of the rows
  std::vector<T> rows_;
};

}  // namespace cluster

#endif  // SCHEDULER_SLOT_COLUMN_H_
